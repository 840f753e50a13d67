package dev.millrace.event;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.AttemptRepository.Outcome;
import dev.millrace.event.DeliveryRepository.NotHeld;
import dev.millrace.event.EventBench.Happened;
import dev.millrace.event.EventBench.Here;
import dev.millrace.event.EventBench.Remote;
import dev.millrace.event.EventBench.Row;
import dev.millrace.event.EventBench.Told;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What fails for good ends, with its cause and its history, and stops nobody else. */
@RunningService
class GivingUpTests {

    private static final Duration MAX_AGE = Duration.ofHours(1);

    private final DatabaseClient database;
    private final TransactionalOperator tx;
    private final Ledger ledger;
    private final AttemptRepository attempts;
    private final Here here = new Here();
    private final UUID aggregate = UUID.randomUUID();

    GivingUpTests(DatabaseClient database, TransactionalOperator tx, Ledger ledger, AttemptRepository attempts) {
        this.database = database;
        this.tx = tx;
        this.ledger = ledger;
        this.attempts = attempts;
    }

    @Test
    void triesAsOftenAsThePolicySaysAndKeepsEachFailure() {
        EventBench bench = bench(policy(3, null, false), here);
        here.effect = event -> Mono.error(new TransientFailure("still closed"));
        bench.publish(new Happened(aggregate, 1));

        UUID id = only(attemptAll(bench)).id();
        attemptAll(bench);
        attemptAll(bench);

        assertThat(attemptAll(bench)).isEmpty();
        assertThat(bench.owed(here)).containsExactly(new Row("DEAD", 3, 3, null, null, "still closed"));
        assertThat(history(id)).containsExactly(Outcome.FAILED, Outcome.FAILED, Outcome.GIVEN_UP);
    }

    @Test
    void triesNoLongerThanThePolicySays() {
        EventBench bench = bench(policy(1, Duration.ofMinutes(15), false), here);
        here.effect = event -> Mono.error(new TransientFailure("still closed"));
        bench.publish(new Happened(aggregate, 1));

        for (int quarter = 0; quarter < 4; quarter++) {
            attemptOnce(bench);
            assertThat(only(bench.owed(here)).status()).isEqualTo("RETRY");
            bench.clock.forward(Duration.ofMinutes(15));
        }
        attemptOnce(bench);

        assertThat(only(bench.owed(here)).status()).isEqualTo("DEAD");
        assertThat(only(bench.owed(here)).attempts()).isEqualTo(5);
    }

    @Test
    void givesUpAtOnceWhatIsPermanent() {
        EventBench bench = bench(policy(100, null, false), here);
        here.effect = event -> Mono.error(new PermanentFailure("no such thing"));
        bench.publish(new Happened(aggregate, 1));

        attemptAll(bench);

        assertThat(bench.owed(here)).containsExactly(new Row("DEAD", 1, 1, null, null, "no such thing"));
    }

    @Test
    void comesBackNoSoonerThanTheOtherSideAsks() {
        EventBench bench = bench(policy(3, null, false), here);
        here.effect = event -> Mono.error(new TransientFailure("slow down", Duration.ofMinutes(7)));
        bench.publish(new Happened(aggregate, 1));

        attemptOnce(bench);

        assertThat(only(bench.owed(here)).nextAttemptAt())
                .isEqualTo(bench.clock.instant().plus(Duration.ofMinutes(7)));
    }

    @Test
    void spendsNoAttemptOnWhatIsKnownToBeDown() {
        EventBench bench = bench(policy(3, null, false), here);
        here.effect = event -> Mono.error(new Suspended("the circuit is open"));
        bench.publish(new Happened(aggregate, 1));

        UUID id = only(attemptAll(bench)).id();
        for (int time = 0; time < 20; time++) {
            assertThat(attemptAll(bench)).hasSize(1);
        }

        assertThat(only(bench.owed(here)).attempts()).isZero();
        assertThat(only(bench.owed(here)).status()).isEqualTo("PENDING");
        assertThat(history(id)).isEmpty();
    }

    @Test
    void tellsTheHandlerOnceInTheTransactionThatGivesUp() {
        EventBench bench = bench(policy(2, null, false), here);
        here.effect = event -> Mono.error(new TransientFailure("closed"));
        here.consequence = event -> bench.publisher.publish(new Told(aggregate, "given up"));
        bench.publish(new Happened(aggregate, 1));

        attemptAll(bench);
        assertThat(here.givenUp).isEmpty();
        attemptAll(bench);
        attemptAll(bench);

        assertThat(here.givenUp).containsExactly(new Happened(aggregate, 1));
        assertThat(ledger.eventsOf(aggregate)).containsExactly("test.happened.v1", "test.told.v1");
    }

    @Test
    void givesNothingUpIfWhatFollowsFromItFails() {
        EventBench bench = bench(policy(1, null, false), here);
        here.effect = event -> Mono.error(new TransientFailure("closed"));
        here.consequence = event -> bench.publisher
                .publish(new Told(aggregate, "given up"))
                .then(Mono.error(new IllegalStateException("not now")));
        bench.publish(new Happened(aggregate, 1));

        UUID id = only(attemptAll(bench)).id();

        assertThat(only(bench.owed(here)).status()).isEqualTo("PENDING");
        assertThat(history(id)).isEmpty();
        assertThat(ledger.eventsOf(aggregate)).containsExactly("test.happened.v1");
        here.consequence = event -> Mono.empty();
        bench.clock.forward(EventBench.LEASE);
        attemptAll(bench);
        assertThat(only(bench.owed(here)).status()).isEqualTo("DEAD");
        assertThat(here.givenUp).hasSize(1);
    }

    @Test
    void isStoppedByNothingUnreadable() {
        EventBench bench = bench(policy(3, null, false), here);
        UUID unknown = UUID.randomUUID();
        bench.publish(new Happened(aggregate, 1));
        bench.publish(new Happened(unknown, 2));
        bench.publish(new Happened(UUID.randomUUID(), 3));
        change("UPDATE event SET payload = '{\"number\": 1' WHERE aggregate_id = :id", aggregate);
        change("UPDATE event SET type = 'test.forgotten.v9' WHERE aggregate_id = :id", unknown);

        attemptAll(bench);

        assertThat(here.handled).extracting(Happened::number).containsExactly(3);
        assertThat(bench.owed(here)).hasSize(2).extracting(Row::status).containsOnly("DEAD");
        assertThat(bench.owed(here))
                .extracting(Row::lastError)
                .anyMatch(error -> error.startsWith("unreadable: "))
                .contains("no handler for test.forgotten.v9");
    }

    @Test
    void holdsLaterEventsOfTheAggregateBackIfThePolicySaysSo() {
        EventBench bench = bench(policy(1, null, true), here);
        giveUpTheFirstOfTwo(bench);

        attemptAll(bench);

        assertThat(here.handled).extracting(Happened::number).containsExactly(3);
        assertThat(bench.owed(here)).extracting(Row::status).containsExactly("DEAD", "PENDING");
    }

    @Test
    void passesTheDeadByIfThePolicySaysSo() {
        EventBench bench = bench(policy(1, null, false), here);
        giveUpTheFirstOfTwo(bench);

        attemptAll(bench);

        assertThat(here.handled).extracting(Happened::number).containsExactlyInAnyOrder(2, 3);
        assertThat(bench.owed(here)).extracting(Row::status).containsExactly("DEAD");
    }

    @Test
    void obeysNobodyWithAnOlderFence() {
        EventBench bench = bench(policy(3, null, false), here);
        bench.publish(new Happened(aggregate, 1));
        Delivery stale = only(bench.claim(here));
        bench.clock.forward(EventBench.LEASE);
        Delivery current = only(bench.claim(here, "another"));
        Row before = only(bench.owed(here));

        bench.deliveries.acknowledge(stale).as(StepVerifier::create).verifyError(NotHeld.class);
        assertThat(now(bench.deliveries.postpone(stale, bench.clock.instant(), "late")))
                .isFalse();
        assertThat(now(bench.deliveries.bury(stale, "late"))).isFalse();
        bench.deliveries.release(stale, bench.clock.instant()).block();

        assertThat(bench.owed(here)).containsExactly(before);
        bench.deliveries.acknowledge(current).as(StepVerifier::create).verifyComplete();
        assertThat(bench.owed(here)).isEmpty();
    }

    @Test
    void writesNoHistoryForWhoIsTooLate() {
        Remote remote = new Remote();
        EventBench bench = bench(policy(1, null, false), remote);
        remote.effect = event -> takeOver(bench, remote).then(Mono.error(new PermanentFailure("late")));
        bench.publish(new Happened(aggregate, 1));

        Delivery late = only(bench.claim(remote));
        bench.attempt(late);

        assertThat(only(bench.owed(remote)).owner()).isEqualTo("another");
        assertThat(only(bench.owed(remote)).status()).isEqualTo("PENDING");
        assertThat(history(late.id())).isEmpty();
    }

    /** What a handler that takes the process down leaves behind: attempts that were begun and never ended. */
    @Test
    void givesUpWhatNeverEndsAnAttempt() {
        AtomicInteger handled = new AtomicInteger();
        here.effect = event -> Mono.fromRunnable(handled::incrementAndGet);
        EventBench bench = bench(policy(3, null, false), here);
        bench.publish(new Happened(aggregate, 1));

        for (int crash = 0; crash < 3; crash++) {
            assertThat(bench.claim(here)).hasSize(1);
            bench.clock.forward(EventBench.LEASE);
        }
        bench.claim(here).forEach(bench::attempt);

        assertThat(handled).hasValue(0);
        assertThat(bench.owed(here))
                .containsExactly(new Row("DEAD", 4, 4, null, null, "too many attempts ended without a result"));
    }

    private void giveUpTheFirstOfTwo(EventBench bench) {
        here.effect = event -> event.number() == 1 ? Mono.error(new PermanentFailure("broken")) : Mono.empty();
        bench.publish(new Happened(aggregate, 1));
        attemptAll(bench);
        bench.publish(new Happened(aggregate, 2));
        bench.publish(new Happened(UUID.randomUUID(), 3));
    }

    private static Mono<?> takeOver(EventBench bench, Subscriber<?> handler) {
        return Mono.defer(() -> {
            bench.clock.forward(EventBench.LEASE);
            return bench.claiming(handler, "another");
        });
    }

    /** The bus has no place, so that each delivery is claimed from the database. */
    private EventBench bench(RetryPolicy policy, Subscriber<?> handler) {
        return new EventBench(database, tx, 0, policy, handler);
    }

    private static RetryPolicy policy(int attempts, Duration thenEvery, boolean holdsBack) {
        return new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(1), attempts, thenEvery, MAX_AGE, holdsBack);
    }

    /** Attempts what is due, and lets as much time pass as any wait takes. */
    private List<Delivery> attemptAll(EventBench bench) {
        List<Delivery> due = attemptOnce(bench);
        bench.clock.forward(Duration.ofSeconds(2));
        return due;
    }

    private List<Delivery> attemptOnce(EventBench bench) {
        List<Delivery> due = bench.claim(here);
        due.forEach(bench::attempt);
        return due;
    }

    private List<Outcome> history(UUID deliveryId) {
        return now(attempts.list(deliveryId).map(PastAttempt::outcome).collectList());
    }

    private void change(String sql, UUID id) {
        database.sql(sql).bind("id", id).then().block();
    }

    private static <T> T only(List<T> list) {
        assertThat(list).hasSize(1);
        return list.get(0);
    }
}
