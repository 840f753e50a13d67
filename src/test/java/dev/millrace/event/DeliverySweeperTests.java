package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.EventBench.Happened;
import dev.millrace.event.EventBench.Here;
import dev.millrace.event.EventBench.Row;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Whatever is due and on nobody's way is found, and no more of it is taken than there is room for. */
@RunningService
class DeliverySweeperTests {

    private final DatabaseClient database;
    private final TransactionalOperator tx;
    private final Here handler = new Here();
    private final EventBench bench;

    DeliverySweeperTests(DatabaseClient database, TransactionalOperator tx) {
        this.database = database;
        this.tx = tx;
        this.bench = new EventBench(database, tx, 3, handler);
    }

    @Test
    void findsWhatFoundTheBusFull() {
        bench.bus.reserve(handler.name(), 3);
        bench.publish(new Happened(UUID.randomUUID(), 1));
        bench.bus.release(handler.name(), 3);

        sweep();

        assertThat(bench.held()).hasSize(1);
        assertThat(bench.owed(handler)).singleElement().satisfies(owed -> {
            assertThat(owed.owner()).isEqualTo(bench.properties.instance());
            assertThat(owed.nextAttemptAt()).isEqualTo(bench.leaseEnd());
            assertThat(owed.attempts()).isEqualTo(1);
            assertThat(owed.fence()).isEqualTo(1);
        });
    }

    @Test
    void takesNoMoreThanThereIsRoomFor() {
        bench.bus.reserve(handler.name(), 3);
        IntStream.range(0, 5).forEach(number -> bench.publish(new Happened(UUID.randomUUID(), number)));
        bench.bus.release(handler.name(), 3);

        sweep();
        sweep();

        assertThat(bench.held()).hasSize(3);
        assertThat(bench.owed(handler)).filteredOn(owed -> owed.owner() == null).hasSize(2);
        assertThat(bench.bus.reserve(handler.name(), 1)).isZero();
    }

    @Test
    void takesWhatFollowsTheHeadOfAQueueWithIt() {
        UUID aggregate = UUID.randomUUID();
        publishAllOf(aggregate, 3);

        sweep();

        assertThat(bench.held()).hasSize(3);
        bench.delivery.start();
        await().untilAsserted(() -> assertThat(bench.owed(handler)).isEmpty());
        assertThat(handler.handled).extracting(Happened::number).containsExactly(0, 1, 2);
        bench.delivery.stop();
    }

    @Test
    void takesOfAQueueOnlyWhatIsDueWithoutAGap() {
        UUID aggregate = UUID.randomUUID();
        publishAllOf(aggregate, 3);
        Shop.now(database.sql("UPDATE delivery SET next_attempt_at = :later WHERE aggregate_id = :id AND sequence = 2")
                .bind("later", bench.clock.instant().plusSeconds(1))
                .bind("id", aggregate)
                .fetch()
                .rowsUpdated());

        sweep();

        assertThat(bench.owed(handler)).extracting(Row::fence).containsExactly(1L, 0L, 0L);
    }

    @Test
    void givesThePlacesBackThatItDidNotNeed() {
        sweep();

        assertThat(bench.bus.reserve(handler.name(), 3)).isEqualTo(3);
    }

    @Test
    void leavesWhatIsOnItsWayUntilItsLeaseEnds() {
        bench.publish(new Happened(UUID.randomUUID(), 1));
        Row onItsWay = bench.owed(handler).get(0);

        sweep();
        assertThat(bench.owed(handler)).containsExactly(onItsWay);
        bench.clock.forward(EventBench.LEASE);
        sweep();

        assertThat(bench.owed(handler)).extracting(Row::fence).containsExactly(2L);
    }

    @Test
    void handsTheWorkerWhatItFound() {
        bench.bus.reserve(handler.name(), 3);
        IntStream.range(0, 5).forEach(number -> bench.publish(new Happened(UUID.randomUUID(), number)));
        bench.bus.release(handler.name(), 3);
        bench.delivery.start();

        await().untilAsserted(() -> assertThat(bench.owed(handler)).isEmpty());

        assertThat(handler.handled).extracting(Happened::number).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
        bench.delivery.stop();
    }

    @Test
    void renewsTheLeaseOfWhatIsOnItsWay() {
        EventBench hasty = new EventBench(
                database, tx, 3, Duration.ofMillis(30), Duration.ofSeconds(1), EventBench.PATIENT, handler);
        hasty.publish(new Happened(UUID.randomUUID(), 1));
        Instant first = hasty.owed(handler).get(0).nextAttemptAt();
        hasty.clock.forward(Duration.ofMillis(20));

        Disposable renewing = hasty.sweeper.renewLeases().subscribe();

        await().untilAsserted(() ->
                assertThat(hasty.owed(handler).get(0).nextAttemptAt()).isEqualTo(first.plusMillis(20)));
        renewing.dispose();
    }

    /** Neither waits for it nor ends in a deadlock with it. */
    @Test
    void renewsTheOthersWhileOneIsBeingAcknowledged() {
        bench.publish(new Happened(UUID.randomUUID(), 1));
        bench.publish(new Happened(UUID.randomUUID(), 2));
        List<UUID> both = List.copyOf(bench.held());
        Sinks.Empty<Void> locked = Sinks.empty();
        Sinks.Empty<Void> renewed = Sinks.empty();
        Mono<Void> acknowledging = bench.queue
                .acknowledgeAll(Set.of(both.get(0)), bench.properties.instance())
                .doOnNext(rows -> locked.tryEmitEmpty())
                .then(renewed.asMono())
                .as(tx::transactional);
        Mono<Long> renewing = bench.queue
                .renew(both, bench.properties.instance(), bench.leaseEnd())
                .as(tx::transactional);

        Mono.when(
                        acknowledging,
                        locked.asMono()
                                .then(renewing)
                                .doOnNext(rows -> assertThat(rows).isEqualTo(1))
                                .doFinally(end -> renewed.tryEmitEmpty()))
                .as(StepVerifier::create)
                .verifyComplete();

        assertThat(bench.owed(handler)).hasSize(1);
    }

    private void publishAllOf(UUID aggregate, int events) {
        bench.bus.reserve(handler.name(), 3);
        IntStream.range(0, events).forEach(number -> bench.publish(new Happened(aggregate, number)));
        bench.bus.release(handler.name(), 3);
    }

    private void sweep() {
        bench.sweeper.sweep().as(StepVerifier::create).verifyComplete();
    }
}
