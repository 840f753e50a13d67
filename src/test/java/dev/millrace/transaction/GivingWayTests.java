package dev.millrace.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.shared.InFlight;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.transaction.reactive.TransactionCallback;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.scheduler.VirtualTimeScheduler;

/** What nobody waits for takes less of the machine while many wait for something else. All runs on the test's own thread. */
class GivingWayTests {

    private static final int BUSY_FROM = 4;
    private static final int REST = 7;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
    private static final TransactionalOperator UNCHANGED = new TransactionalOperator() {
        @Override
        public <T> Mono<T> transactional(Mono<T> work) {
            return work;
        }

        @Override
        public <T> Flux<T> execute(TransactionCallback<T> action) {
            throw new UnsupportedOperationException();
        }
    };

    private final ShieldedTransactions transactions = new ShieldedTransactions(
            UNCHANGED,
            new InFlight(Duration.ofSeconds(5)),
            new TransactionProperties(2, BUSY_FROM, REST, PATIENCE, 8, 100, Duration.ofSeconds(5)),
            null,
            Outcomes.NONE,
            Clock.fixed(NOW, ZoneOffset.UTC));

    private final List<String> begun = new CopyOnWriteArrayList<>();
    private final Sinks.Empty<Void> firstEnds = Sinks.empty();
    private final Sinks.Empty<Void> paid = Sinks.empty();
    private Instant owedSince = NOW;
    private VirtualTimeScheduler time;

    @BeforeEach
    void haveOneThreadOnly() {
        time = VirtualTimeScheduler.getOrSet();
    }

    @AfterEach
    void haveThreadsAgain() {
        VirtualTimeScheduler.reset();
    }

    @Test
    void runsSideBySideWhileNobodyIsWaitedFor() {
        follow("first", 0);
        follow("second", 1);

        assertThatBegunAre("first", "second");
    }

    @Test
    void runsOneAfterTheOtherWhileAnybodyIsWaitedFor() {
        pay(8);
        run(Mono.empty(), settling(0));
        follow("first", 0);
        follow("second", 1);

        assertThatBegunAre("first");
        firstEnds.tryEmitEmpty();
        assertThatBegunAre("first", "second");
    }

    @Test
    void runsSideBySideAgainWhenTheManyHaveGone() {
        beginRush();
        paid.tryEmitEmpty();
        IntStream.range(0, 32).forEach(i -> run(Mono.empty(), settling(0)));
        follow("first", 0);
        follow("second", 1);

        assertThatBegunAre("first", "second");
    }

    /** However much follows, it does not give way to itself. */
    @Test
    void isNotCountedAmongWhatIsWaitedFor() {
        IntStream.range(0, BUSY_FROM).forEach(i -> follow("first", 0));
        follow("second", 1);

        assertThatBegunAre("first", "second");
    }

    @Test
    void restsForAMultipleOfItsWorkWhileManyAreWaitedFor() {
        beginRush();
        follow("first", 0);
        follow("second", 1);
        endFirstAfter(Duration.ofMillis(10));

        time.advanceTimeBy(Duration.ofMillis(10 * REST - 1));
        assertThatBegunAre("first");
        time.advanceTimeBy(Duration.ofMillis(1));
        assertThatBegunAre("first", "second");
    }

    @Test
    void restsForASecondAtMost() {
        beginRush();
        follow("first", 0);
        follow("second", 1);
        endFirstAfter(Duration.ofSeconds(2));

        time.advanceTimeBy(Duration.ofSeconds(1));
        assertThatBegunAre("first", "second");
    }

    @Test
    void doesNotRestWhenItIsFarBehind() {
        owedSince = NOW.minus(PATIENCE);
        beginRush();
        follow("first", 0);
        follow("second", 1);
        endFirstAfter(Duration.ofMillis(10));

        assertThatBegunAre("first", "second");
    }

    /** The average still says that there is a rush. */
    @Test
    void doesNotRestForThoseWhoHaveGone() {
        pay(8 * BUSY_FROM);
        beginRush();
        follow("first", 0);
        follow("second", 0);
        paid.tryEmitEmpty();
        endFirstAfter(Duration.ofMillis(10));

        assertThatBegunAre("first", "second");
    }

    @Test
    void doesNotRestWhileFewAreWaitedFor() {
        pay(BUSY_FROM - 1);
        follow("first", 0);
        follow("second", 0);
        endFirstAfter(Duration.ofMillis(10));

        assertThatBegunAre("first", "second");
    }

    @Test
    void takesACrowdThatHasJustComeForNoRush() {
        pay(BUSY_FROM);
        run(Mono.empty(), settling(0));
        follow("first", 0);
        follow("second", 0);
        endFirstAfter(Duration.ofMillis(10));

        assertThatBegunAre("first", "second");
    }

    @Test
    void paysOneAfterTheOtherUnlessThereIsARush() {
        Mono<Void> work = Mono.defer(() -> {
            begun.add("paid");
            return firstEnds.asMono();
        });

        run(work, new Lane("payment", 0, new Object()));
        run(work, new Lane("payment", 1, new Object()));
        assertThatBegunAre("paid");

        beginRush();
        run(work, new Lane("payment", 1, new Object()));
        assertThatBegunAre("paid", "paid");
    }

    /** So many that one look at them is enough. */
    private void beginRush() {
        pay(8 * BUSY_FROM);
        run(Mono.empty(), settling(0));
    }

    private void endFirstAfter(Duration duration) {
        await().until(() -> !begun.isEmpty());
        time.advanceTimeBy(duration);
        firstEnds.tryEmitEmpty();
    }

    /** Threads of a service that another test left running use the same scheduler: one of them may be about to begin it. */
    private void assertThatBegunAre(String... names) {
        await().untilAsserted(() -> assertThat(begun).containsExactly(names));
    }

    private void pay(int payments) {
        IntStream.range(0, payments).forEach(account -> run(paid.asMono(), new Lane("payment", account, new Object())));
    }

    private void follow(String name, int account) {
        Mono<Void> work = Mono.defer(() -> {
            begun.add(name);
            return firstEnds.asMono();
        });
        run(work, settling(account));
    }

    private Lane settling(int account) {
        return new Lane("settling", account, new Object()).givingWay(owedSince);
    }

    private void run(Mono<Void> work, Lane lane) {
        transactions.transactional(work).contextWrite(lane.joined()).subscribe();
    }
}
