package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.EventBench.Happened;
import dev.millrace.event.EventBench.Here;
import dev.millrace.event.EventBench.Told;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.shared.FaultPlan;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** In a transaction that is shared, an event is recorded and handled by one commit; whatever fails at that is owed instead. */
@RunningService
class HandledAtOnceTests {

    private static final int BROKEN = 3;

    private final DatabaseClient database;
    private final Ledger ledger;
    private final Here handler = new Here();
    private final EventBench bench;
    private final List<Happened> events = IntStream.range(0, 8)
            .mapToObj(number -> new Happened(UUID.randomUUID(), number))
            .toList();
    private final Happened broken = events.get(BROKEN);

    HandledAtOnceTests(DatabaseClient database, TransactionalOperator tx, Ledger ledger) {
        this.database = database;
        this.ledger = ledger;
        this.bench = new EventBench(database, tx, 16, handler);
        handler.atOnce = true;
        handler.effect = this::tell;
    }

    @Test
    void isNotOwed() {
        publishTogether(Context.empty());

        assertThat(handler.handled).containsExactlyInAnyOrderElementsOf(events);
        assertThat(bench.owed(handler)).isEmpty();
        assertThat(bench.held()).isEmpty();
        assertThatEachIsToldOnce(events);
    }

    @Test
    void isOwedToWhoeverDoesNotSayThatItMay() {
        handler.atOnce = false;

        publishTogether(Context.empty());

        assertThat(handler.handled).isEmpty();
        assertThat(bench.owed(handler)).hasSize(events.size());
    }

    @Test
    void isOwedIfItsTimeHasNotCome() {
        handler.delay = Duration.ofHours(1);

        publishTogether(Context.empty());

        assertThat(handler.handled).isEmpty();
        assertThat(bench.owed(handler)).hasSize(events.size());
    }

    @Test
    void isOwedIfNobodySharesTheTransaction() {
        bench.publish(broken);

        assertThat(handler.handled).isEmpty();
        assertThat(bench.owed(handler)).hasSize(1);
    }

    @Test
    void isOwedIfItIsToFailAsPlanned() {
        publishTogether(FaultPlan.stored("ranking=permanent", 1).addTo(Context.empty()));

        assertThat(handler.handled).isEmpty();
        assertThat(bench.owed(handler)).hasSize(events.size());
    }

    @Test
    void isOwedIfItFailsBeforeItHasChangedAnything() {
        handler.effect = event -> event.equals(broken) ? Mono.error(new IllegalStateException("broken")) : tell(event);

        publishTogether(Context.empty());

        assertThatOnlyTheBrokenOneIsOwed();
    }

    @Test
    void isOwedIfItFailsInTheMiddleAndNothingIsLeftOfIt() {
        handler.effect = event ->
                event.equals(broken) ? tell(event).then(Mono.error(new IllegalStateException("broken"))) : tell(event);

        publishTogether(Context.empty());

        assertThatOnlyTheBrokenOneIsOwed();
    }

    /** As when somebody holds a row that all of them are to change: they wait for it once. */
    @Test
    void isNotTriedAgainWhenAllIsDoneAgain() {
        AtomicInteger tries = new AtomicInteger();
        handler.effect = event -> {
            tries.incrementAndGet();
            return event.equals(broken) ? tell(event).then(spoil()) : tell(event);
        };

        publishTogether(Context.empty());

        assertThat(tries).hasPositiveValue().hasValueLessThanOrEqualTo(events.size());
        assertThat(handler.handled).isEmpty();
        assertThat(bench.owed(handler)).hasSize(events.size());
        assertThat(events).allSatisfy(event -> assertThat(ledger.eventsOf(event.aggregateId()))
                .containsExactly("test.happened.v1"));
    }

    @Test
    void isTheCauseOfWhatFollows() {
        publishTogether(Context.empty());

        assertThat(ledger.count(
                        "SELECT COUNT(*) FROM event told JOIN event happened ON happened.id = told.causation_id"
                                + " AND happened.id = told.correlation_id AND happened.sequence < told.sequence"
                                + " WHERE told.type = 'test.told.v1' AND happened.aggregate_id = :id",
                        broken.aggregateId()))
                .isEqualTo(1);
    }

    @Test
    void isRecordedAndHandledByTheSameCommit() {
        Happened event = events.get(0);
        Mono<Void> doomed = bench.publisher.publish(event).then(Mono.error(new IllegalStateException("rolled back")));

        bench.inOneTransaction(List.of(doomed, bench.publisher.publish(broken)));

        assertThat(ledger.eventsOf(event.aggregateId())).isEmpty();
        assertThatEachIsToldOnce(List.of(broken));
    }

    private Mono<Void> tell(Happened event) {
        return bench.publisher.publish(new Told(event.aggregateId(), "handled"));
    }

    /** Fails in the database, and spoils the transaction for all. */
    private Mono<Void> spoil() {
        return database.sql("INSERT INTO balance (user_id, amount, version) VALUES (-1, -1, 0)")
                .then();
    }

    private void assertThatOnlyTheBrokenOneIsOwed() {
        List<Happened> others =
                events.stream().filter(event -> !event.equals(broken)).toList();
        assertThat(handler.handled).containsExactlyInAnyOrderElementsOf(others);
        assertThat(bench.owed(handler)).hasSize(1);
        assertThat(ledger.eventsOf(broken.aggregateId())).containsExactly("test.happened.v1");
        assertThatEachIsToldOnce(others);
    }

    private void assertThatEachIsToldOnce(List<Happened> handled) {
        assertThat(handled).allSatisfy(event -> assertThat(ledger.eventsOf(event.aggregateId()))
                .containsExactly("test.happened.v1", "test.told.v1"));
    }

    private void publishTogether(Context context) {
        bench.inOneTransaction(events.stream()
                .map(event -> bench.publisher.publish(event).contextWrite(context))
                .toList());
    }
}
