package dev.millrace.balance;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.balance.BalanceRepository.Debit;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.shared.Money;
import dev.millrace.shared.PageRequest;
import dev.millrace.transaction.Lane;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Money is taken in the same way whether a payment comes alone or together with others. */
@RunningService
@RequiredArgsConstructor
class BalanceRepositoryTests {

    private final BalanceRepository balances;
    private final TransactionalOperator tx;
    private final Shop shop;
    private final NoArgGenerator uuids = Generators.timeBasedEpochGenerator();
    private final AtomicInteger attempts = new AtomicInteger();
    private final Instant moment = Instant.now().truncatedTo(ChronoUnit.MICROS);

    /** What an entry says, apart from its ids. */
    private record Line(long sequence, BalanceEntry.Type type, long amount, Money after) {}

    /** What became of each debit, and of each account. */
    private record Result(List<Boolean> taken, List<List<Line>> entries, List<Money> left) {}

    @Test
    void takesAloneAsTogether() {
        Result one = takeAlone(users());
        Result many = takeTogether(users());

        assertThat(many).isEqualTo(one);
        assertThat(one.taken()).containsExactly(true, true, true, false, true, true);
        assertThat(one.left()).containsExactly(Money.of(639), Money.of(0));
    }

    private List<Long> users() {
        return List.of(shop.aUserWith(1_000), shop.aUserWith(100));
    }

    /** Of the second account more is wanted than it has. */
    private List<Debit> debits(List<Long> users) {
        return List.of(
                debit(users.get(0), 100),
                debit(users.get(1), 60),
                debit(users.get(0), 260),
                debit(users.get(1), 50),
                debit(users.get(0), 1),
                debit(users.get(1), 40));
    }

    private Debit debit(long user, long amount) {
        return new Debit(uuids.generate(), user, Money.of(amount), UUID.randomUUID(), moment);
    }

    private Result takeAlone(List<Long> users) {
        return result(
                users,
                debits(users).stream()
                        .map(debit -> now(
                                balances.decrease(debit).as(tx::transactional).hasElement()))
                        .toList());
    }

    /** The first holds the lane until all others are in it. */
    private Result takeTogether(List<Long> users) {
        Sinks.Empty<Void> gate = Sinks.empty();
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Void> holding =
                inLane("holder", gate.asMono().doFirst(begun::countDown)).toFuture();
        await().until(() -> begun.getCount() == 0);
        List<CompletableFuture<Boolean>> taking = debits(users).stream()
                .map(debit -> inLane(debit.id(), balances.decrease(debit))
                        .hasElement()
                        .toFuture())
                .toList();
        gate.tryEmitEmpty();
        holding.join();
        List<Boolean> taken = taking.stream().map(CompletableFuture::join).toList();
        assertThat(attempts).as("nothing was done again one by one").hasValue(1 + taken.size());
        return result(users, taken);
    }

    private <T> Mono<T> inLane(Object subject, Mono<T> work) {
        return work.doFirst(attempts::incrementAndGet)
                .as(tx::transactional)
                .contextWrite(Lane.of("test of taking", subject).joined());
    }

    private Result result(List<Long> users, List<Boolean> taken) {
        return new Result(
                taken,
                users.stream().map(this::entries).toList(),
                users.stream().map(user -> now(balances.find(user)).amount()).toList());
    }

    private List<Line> entries(long user) {
        return now(balances.listEntries(user, new PageRequest("entries", 10, Optional.empty()))
                        .collectList())
                .stream()
                .map(entry -> new Line(entry.sequence(), entry.type(), entry.amount(), entry.balanceAfter()))
                .toList();
    }
}
