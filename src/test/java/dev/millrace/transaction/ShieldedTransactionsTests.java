package dev.millrace.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.shared.InFlight;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** A transaction ends as it was meant to: all of it or nothing, whoever stops waiting and whatever is worth repeating. */
@RunningService
@RequiredArgsConstructor
class ShieldedTransactionsTests {

    private final TransactionalOperator tx;
    private final DatabaseClient database;
    private final InFlight inFlight;
    private final Shop shop;
    private final Ledger ledger;

    @Test
    void commitsWhatSucceedsAndRollsBackWhatFails() {
        long kept = shop.aUser();
        long lost = shop.aUser();

        openAccount(kept).as(tx::transactional).as(StepVerifier::create).verifyComplete();
        openAccount(lost)
                .then(Mono.error(new IllegalStateException("no")))
                .as(tx::transactional)
                .as(StepVerifier::create)
                .verifyErrorMessage("no");

        assertThat(accountsOf(kept)).isEqualTo(1);
        assertThat(accountsOf(lost)).isZero();
    }

    @Test
    void isNotRolledBackByACallerThatCancels() {
        long user = shop.aUser();
        AtomicInteger reached = new AtomicInteger();
        Sinks.Empty<Void> gate = Sinks.empty();

        Disposable caller = openAccount(user)
                .then(Mono.fromRunnable(reached::incrementAndGet))
                .then(gate.asMono())
                .then(openAccount(user + 1_000_000_000))
                .as(tx::transactional)
                .subscribe();
        await().untilAsserted(() -> assertThat(reached).hasValue(1));
        caller.dispose();
        gate.tryEmitEmpty();

        await().untilAsserted(() -> assertThat(accountsOf(user + 1_000_000_000)).isEqualTo(1));
        assertThat(accountsOf(user)).isEqualTo(1);
        await().untilAsserted(() -> assertThat(inFlight.count()).isZero());
    }

    @Test
    void rollsBackTheInnerOneWithTheOuterOne() {
        long inner = shop.aUser();
        Mono<Void> nested = openAccount(inner).as(tx::transactional);

        nested.then(Mono.error(new IllegalStateException("outer")))
                .as(tx::transactional)
                .as(StepVerifier::create)
                .verifyErrorMessage("outer");

        assertThat(accountsOf(inner)).isZero();
    }

    @Test
    void outlivesAnErrorThatIsHandledInside() {
        long outer = shop.aUser();
        long inner = shop.aUser();
        Mono<Void> failing = openAccount(inner)
                .then(Mono.<Void>error(new IllegalStateException("inner")))
                .as(tx::transactional);

        openAccount(outer)
                .then(failing.onErrorComplete())
                .as(tx::transactional)
                .as(StepVerifier::create)
                .verifyComplete();

        assertThat(accountsOf(outer)).isEqualTo(1);
    }

    @Test
    void repeatsTheWholeWorkWhenTheDatabaseAsksForIt() {
        long user = shop.aUser();
        AtomicInteger attempts = new AtomicInteger();

        openAccount(user)
                .then(failUntil(3, attempts))
                .as(tx::transactional)
                .as(StepVerifier::create)
                .verifyComplete();

        assertThat(attempts).hasValue(3);
        assertThat(accountsOf(user)).isEqualTo(1);
    }

    @Test
    void repeatsFromTheOutermostOneOnly() {
        AtomicInteger attempts = new AtomicInteger();
        AtomicInteger beginnings = new AtomicInteger();

        Mono.fromRunnable(beginnings::incrementAndGet)
                .then(failUntil(3, attempts).as(tx::transactional))
                .as(tx::transactional)
                .as(StepVerifier::create)
                .verifyComplete();

        assertThat(beginnings).hasValue(3);
        assertThat(attempts).hasValue(3);
    }

    @Test
    void givesUpAfterAFewAttemptsWithTheErrorItself() {
        AtomicInteger attempts = new AtomicInteger();

        failUntil(100, attempts)
                .as(tx::transactional)
                .as(StepVerifier::create)
                .verifyError(CannotAcquireLockException.class);

        assertThat(attempts).hasValue(4);
    }

    @Test
    void repeatsNothingElse() {
        long user = shop.aUser();
        AtomicInteger attempts = new AtomicInteger();

        Mono.fromRunnable(attempts::incrementAndGet)
                .then(openAccount(user))
                .then(openAccount(user))
                .as(tx::transactional)
                .as(StepVerifier::create)
                .verifyError(DataIntegrityViolationException.class);

        assertThat(attempts).hasValue(1);
        assertThat(accountsOf(user)).isZero();
    }

    @Test
    void refusesAFlux() {
        assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> tx.transactional(Flux.just(1)));
    }

    /** The lock on the row is held across a pause, on one event-loop thread for both. */
    @Test
    void doesNotLetTwoTransactionsOnOneThreadWaitForEachOther() {
        long user = shop.aUserWith(100);
        Mono<Void> debit = database.sql("UPDATE balance SET amount = amount WHERE user_id = :user")
                .bind("user", user)
                .then()
                .then(Mono.delay(Duration.ofMillis(50), Schedulers.single()))
                .then()
                .as(tx::transactional)
                .subscribeOn(Schedulers.single());

        Duration taken = StepVerifier.create(Mono.when(debit, debit)).verifyComplete();

        assertThat(taken).isLessThan(Duration.ofMillis(1_500));
        assertThat(shop.balanceOf(user)).isEqualTo(100);
    }

    private Mono<Void> openAccount(long user) {
        return database.sql("INSERT INTO balance (user_id, amount, version) VALUES (:user, 0, 0)")
                .bind("user", user)
                .then();
    }

    private long accountsOf(long user) {
        return ledger.count("SELECT COUNT(*) FROM balance WHERE user_id = :id", user);
    }

    private static Mono<Void> failUntil(int attempt, AtomicInteger attempts) {
        return Mono.defer(() -> attempts.incrementAndGet() < attempt
                ? Mono.error(new CannotAcquireLockException("try again"))
                : Mono.empty());
    }
}
