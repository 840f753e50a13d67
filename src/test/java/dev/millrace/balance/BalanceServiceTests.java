package dev.millrace.balance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.shared.Money;
import dev.millrace.shared.MoneyOutOfRange;
import dev.millrace.shared.PageRequest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A balance is never below zero, and its entries say how it came to be what it is. */
@RunningService
@RequiredArgsConstructor
class BalanceServiceTests {

    private final BalanceService balances;
    private final TransactionalOperator tx;
    private final Shop shop;
    private final Ledger ledger;

    @Test
    void opensAnAccountWithTheFirstCharge() {
        long user = shop.aUser();

        Mono<BalanceEntry> charge = balances.charge(user, Money.of(700));

        charge.as(StepVerifier::create)
                .assertNext(entry -> {
                    assertThat(entry.sequence()).isEqualTo(1);
                    assertThat(entry.type()).isEqualTo(BalanceEntry.Type.CHARGE);
                    assertThat(entry.amount()).isEqualTo(700);
                    assertThat(entry.balanceAfter()).isEqualTo(Money.of(700));
                })
                .verifyComplete();
        balances.getBalance(user)
                .as(StepVerifier::create)
                .assertNext(this::isSeven)
                .verifyComplete();
    }

    private void isSeven(Balance balance) {
        assertThat(balance.amount()).isEqualTo(Money.of(700));
    }

    @Test
    void isEmptyForAUserWhoWasNeverCharged() {
        long user = shop.aUser();

        balances.getBalance(user)
                .as(StepVerifier::create)
                .expectNext(Balance.empty(user))
                .verifyComplete();
    }

    @Test
    void takesTheLastCoinAndNotOneMore() {
        long user = shop.aUserWith(100);
        UUID reference = UUID.randomUUID();

        balances.decreaseBalance(user, Money.of(100), reference)
                .as(StepVerifier::create)
                .verifyComplete();
        balances.decreaseBalance(user, Money.of(1), reference)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(InsufficientBalance.class, refusal -> assertThat(refusal.figures())
                                .isEqualTo(Map.of("required", 1L, "available", 0L, "shortfall", 1L))));

        assertThat(shop.balanceOf(user)).isZero();
        assertThat(entriesOf(user).get(0).reference()).isEqualTo(reference);
    }

    @Test
    void takesNothingFromAUserWhoWasNeverCharged() {
        long user = shop.aUser();

        balances.decreaseBalance(user, Money.of(1), UUID.randomUUID())
                .as(StepVerifier::create)
                .verifyError(InsufficientBalance.class);

        assertThat(ledger.entriesOf(user)).isZero();
    }

    @Test
    void refusesAChargeThatLeavesTheRangeOfMoney() {
        long user = shop.aUserWith(1);

        balances.charge(user, Money.of(Money.MAX)).as(StepVerifier::create).verifyError(MoneyOutOfRange.class);

        assertThat(shop.balanceOf(user)).isEqualTo(1);
        assertThat(ledger.entriesOf(user)).isEqualTo(1);
    }

    @Test
    void isDebitedOnlyIfTheCallersTransactionCommits() {
        long user = shop.aUserWith(100);

        balances.decreaseBalance(user, Money.of(40), UUID.randomUUID())
                .then(Mono.<Void>error(new IllegalStateException("later step")))
                .as(tx::transactional)
                .as(StepVerifier::create)
                .verifyErrorMessage("later step");

        assertThat(shop.balanceOf(user)).isEqualTo(100);
        assertThat(ledger.entriesOf(user)).isEqualTo(1);
    }

    @Test
    void keepsTheChainOfEntriesUnbrokenAmongManyAtOnce() {
        long user = shop.aUserWith(50);

        Flux.range(0, 100)
                .flatMap(
                        number -> number % 2 == 0
                                ? balances.charge(user, Money.of(3)).then()
                                : balances.decreaseBalance(user, Money.of(7), UUID.randomUUID())
                                        .onErrorComplete(InsufficientBalance.class),
                        100)
                .as(StepVerifier::create)
                .verifyComplete();

        List<BalanceEntry> entries = entriesOf(user);
        for (int index = entries.size() - 1; index > 0; index--) {
            BalanceEntry earlier = entries.get(index);
            BalanceEntry later = entries.get(index - 1);
            assertThat(later.sequence()).isEqualTo(earlier.sequence() + 1);
            assertThat(later.balanceAfter().amount())
                    .isEqualTo(earlier.balanceAfter().amount() + later.amount());
        }
        assertThat(shop.balanceOf(user)).isEqualTo(entries.get(0).balanceAfter().amount());
    }

    @Test
    void listsTheNewestEntriesFirst() {
        long user = shop.aUserWith(5);
        Shop.now(balances.charge(user, Money.of(6)));

        assertThat(entriesOf(user)).extracting(BalanceEntry::amount).containsExactly(6L, 5L);
    }

    private List<BalanceEntry> entriesOf(long user) {
        PageRequest all = new PageRequest("entries of " + user, 1_000, Optional.empty());
        return Shop.now(balances.listEntries(user, all)).data();
    }
}
