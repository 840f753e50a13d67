package dev.millrace.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.shared.InFlight;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionContext;
import org.springframework.transaction.reactive.TransactionContextManager;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Transactions of one lane share a connection and a commit, and each of them notices nothing of it. */
@RunningService
@RequiredArgsConstructor
class SharedTransactionsTests {

    private final TransactionalOperator tx;
    private final DatabaseClient database;
    private final InFlight inFlight;
    private final Shop shop;
    private final Ledger ledger;
    private final Sinks.Empty<Void> gate = Sinks.empty();
    private final Set<TransactionContext> transactions = ConcurrentHashMap.newKeySet();
    private final String lane = "test " + System.identityHashCode(this);

    @Test
    void shareOneTransaction() {
        CompletableFuture<Void> first = holdTheLane();
        List<Long> users = someUsers();
        List<CompletableFuture<Void>> all =
                users.stream().map(user -> run(user, openAccount(user))).toList();
        gate.tryEmitEmpty();

        all.forEach(CompletableFuture::join);
        first.join();
        assertThat(users).allSatisfy(user -> assertThat(accountsOf(user)).isEqualTo(1));
        assertThat(transactions).hasSize(2);
    }

    @Test
    void loseOneOfThemAndNotTheOthers() {
        CompletableFuture<Void> first = holdTheLane();
        List<Long> users = someUsers();
        long broken = shop.aUser();
        List<CompletableFuture<Void>> all =
                users.stream().map(user -> run(user, openAccount(user))).toList();
        CompletableFuture<Void> failing = run(broken, openAccount(broken).then(openAccount(broken)));
        gate.tryEmitEmpty();

        all.forEach(CompletableFuture::join);
        first.join();
        assertThat(failing)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withCauseInstanceOf(DataIntegrityViolationException.class);
        assertThat(users).allSatisfy(user -> assertThat(accountsOf(user)).isEqualTo(1));
        assertThat(accountsOf(broken)).isZero();
    }

    @Test
    void areNotChangedByACallerThatLeaves() {
        CompletableFuture<Void> first = holdTheLane();
        long left = shop.aUser();
        long stayed = shop.aUser();
        Disposable caller = inLane(left, openAccount(left)).subscribe();
        CompletableFuture<Void> other = run(stayed, openAccount(stayed));
        caller.dispose();
        gate.tryEmitEmpty();

        other.join();
        first.join();
        await().untilAsserted(() -> assertThat(accountsOf(left)).isEqualTo(1));
        assertThat(accountsOf(stayed)).isEqualTo(1);
        await().untilAsserted(() -> assertThat(inFlight.count()).isZero());
    }

    @Test
    void areInsideOfATransactionForWhoeverAsks() {
        CompletableFuture<Void> first = holdTheLane();
        long outer = shop.aUser();
        CompletableFuture<Void> nested = run(
                outer, openAccount(outer).as(tx::transactional).then(Mono.error(new IllegalStateException("outer"))));
        CompletableFuture<Void> other = run(shop.aUser(), Mono.empty());
        gate.tryEmitEmpty();

        other.join();
        first.join();
        assertThat(nested).failsWithin(Duration.ofSeconds(10));
        assertThat(accountsOf(outer)).isZero();
    }

    private CompletableFuture<Void> holdTheLane() {
        CompletableFuture<Void> held = run("holder", gate.asMono());
        await().until(() -> transactions.size() == 1);
        return held;
    }

    private CompletableFuture<Void> run(Object subject, Mono<Void> work) {
        return inLane(subject, work).toFuture();
    }

    private Mono<Void> inLane(Object subject, Mono<Void> work) {
        return TransactionContextManager.currentContext()
                .doOnNext(transactions::add)
                .then(work)
                .as(tx::transactional)
                .contextWrite(Lane.of(lane, subject).joined());
    }

    private List<Long> someUsers() {
        return IntStream.range(0, 20).mapToObj(i -> shop.aUser()).toList();
    }

    private Mono<Void> openAccount(long user) {
        return database.sql("INSERT INTO balance (user_id, amount, version) VALUES (:user, 0, 0)")
                .bind("user", user)
                .then();
    }

    private long accountsOf(long user) {
        return ledger.count("SELECT COUNT(*) FROM balance WHERE user_id = :id", user);
    }
}
