package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.EventBench.Happened;
import dev.millrace.event.EventBench.Here;
import dev.millrace.event.EventBench.Told;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.shared.FaultPlan;
import dev.millrace.transaction.Lane;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;

/** In a transaction that is shared, an event is recorded and handled by one commit; whatever fails at that is owed instead. */
@RunningService
class HandledAtOnceTests {

    private static final int BROKEN = 3;

    private final TransactionalOperator tx;
    private final Ledger ledger;
    private final Here handler = new Here();
    private final EventBench bench;
    private final List<Happened> events = IntStream.range(0, 8)
            .mapToObj(number -> new Happened(UUID.randomUUID(), number))
            .toList();
    private final Happened broken = events.get(BROKEN);

    HandledAtOnceTests(DatabaseClient database, TransactionalOperator tx, Ledger ledger) {
        this.tx = tx;
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

    @Test
    void isRecordedAndHandledByTheSameCommit() {
        Happened event = events.get(0);
        Mono<Void> doomed = bench.publisher.publish(event).then(Mono.error(new IllegalStateException("rolled back")));

        inSharedTransaction(List.of(
                inLane(event, doomed, Context.empty()).onErrorComplete(),
                inLane(broken, bench.publisher.publish(broken), Context.empty())));

        assertThat(ledger.eventsOf(event.aggregateId())).isEmpty();
        assertThatEachIsToldOnce(List.of(broken));
    }

    private Mono<Void> tell(Happened event) {
        return bench.publisher.publish(new Told(event.aggregateId(), "handled"));
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
                .containsExactlyInAnyOrder("test.happened.v1", "test.told.v1"));
    }

    private void publishTogether(Context context) {
        inSharedTransaction(events.stream()
                .map(event -> inLane(event, bench.publisher.publish(event), context))
                .toList());
    }

    /** The lane is held until all of them wait in it. */
    private void inSharedTransaction(List<Mono<Void>> all) {
        Sinks.Empty<Void> begun = Sinks.empty();
        Sinks.Empty<Void> gate = Sinks.empty();
        Mono<Void> holder = Mono.fromRunnable(begun::tryEmitEmpty).then(gate.asMono());
        CompletableFuture<Void> held = inLane("holder", holder, Context.empty()).toFuture();
        await().until(() -> begun.asMono().toFuture().isDone());
        List<CompletableFuture<Void>> done = all.stream().map(Mono::toFuture).toList();
        gate.tryEmitEmpty();
        held.join();
        done.forEach(CompletableFuture::join);
    }

    private Mono<Void> inLane(Object subject, Mono<Void> work, Context context) {
        return work.as(tx::transactional)
                .contextWrite(context)
                .contextWrite(Lane.of(handler.name(), subject).joined());
    }
}
