package dev.millrace.balance;

import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.balance.BalanceRepository.Debit;
import dev.millrace.shared.Money;
import dev.millrace.shared.MoneyOutOfRange;
import dev.millrace.shared.Page;
import dev.millrace.shared.PageRequest;
import java.time.Clock;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/**
 * Owns users' money: a balance is never below zero, and each change leaves an entry that says what the balance was after it.
 */
@Service
@RequiredArgsConstructor
public class BalanceService {

    private final BalanceRepository balances;
    private final TransactionalOperator tx;
    private final NoArgGenerator uuids;
    private final Clock clock;

    /**
     * Takes the amount from the user's balance, for the reference.
     *
     * @return completes when it is taken; fails with {@link InsufficientBalance} if the balance does not cover it
     */
    public Mono<Void> decreaseBalance(long userId, Money amount, UUID reference) {
        return Mono.fromSupplier(() -> new Debit(uuids.generate(), userId, amount, reference, clock.instant()))
                .flatMap(this::takeOrRefuse)
                .as(tx::transactional)
                .then();
    }

    /** Gives the amount back to the user's balance, for the reference. */
    public Mono<Void> increaseBalance(long userId, Money amount, UUID reference) {
        return increase(userId, amount)
                .map(balance -> entry(BalanceEntry.Type.REFUND, balance, amount.amount(), reference))
                .flatMap(balances::insertEntry)
                .as(tx::transactional);
    }

    /** Adds the amount to the user's balance, and opens the account if there is none. */
    Mono<BalanceEntry> charge(long userId, Money amount) {
        return increase(userId, amount)
                .map(balance -> entry(BalanceEntry.Type.CHARGE, balance, amount.amount(), null))
                .delayUntil(balances::insertEntry)
                .as(tx::transactional);
    }

    Mono<Balance> getBalance(long userId) {
        return balances.find(userId).defaultIfEmpty(Balance.empty(userId));
    }

    Mono<Page<BalanceEntry>> listEntries(long userId, PageRequest page) {
        return balances.listEntries(userId, page)
                .collectList()
                .map(rows -> Page.of(rows, page, BalanceEntry::sequence));
    }

    private Mono<Balance> increase(long userId, Money amount) {
        return balances.increase(userId, amount)
                .switchIfEmpty(Mono.defer(() -> openAndIncrease(userId, amount)))
                .switchIfEmpty(Mono.error(() -> MoneyOutOfRange.of(amount.amount())));
    }

    private Mono<Balance> openAndIncrease(long userId, Money amount) {
        return balances.insertEmpty(userId).then(balances.increase(userId, amount));
    }

    private Mono<UUID> takeOrRefuse(Debit debit) {
        return balances.decrease(debit).switchIfEmpty(Mono.defer(() -> refuse(debit)));
    }

    /** If the money has come in since the attempt to take it, the attempt is made again. */
    private Mono<UUID> refuse(Debit debit) {
        return getBalance(debit.userId())
                .filter(balance -> balance.amount().compareTo(debit.amount()) < 0)
                .flatMap(balance -> Mono.<UUID>error(InsufficientBalance.of(debit.amount(), balance.amount())))
                .switchIfEmpty(Mono.defer(() -> takeOrRefuse(debit)));
    }

    private BalanceEntry entry(BalanceEntry.Type type, Balance after, long amount, @Nullable UUID reference) {
        return new BalanceEntry(
                uuids.generate(),
                after.userId(),
                after.version(),
                type,
                amount,
                after.amount(),
                reference,
                clock.instant());
    }
}
