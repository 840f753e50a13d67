package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.EventBench.Happened;
import dev.millrace.event.EventBench.Here;
import dev.millrace.event.EventBench.Remote;
import dev.millrace.event.EventBench.Row;
import dev.millrace.harness.RunningService;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/** A start takes back what a crash left under way, a stop hands back what it has not begun, and nobody waits for another. */
@RunningService
class EventDeliveryTests {

    private final DatabaseClient database;
    private final TransactionalOperator tx;
    private final Here here = new Here();
    private final Remote remote = new Remote();
    private final EventBench bench;

    EventDeliveryTests(DatabaseClient database, TransactionalOperator tx) {
        this.database = database;
        this.tx = tx;
        this.bench = new EventBench(database, tx, 100, here, remote);
    }

    @AfterEach
    void stop() {
        AtomicBoolean stopped = new AtomicBoolean();
        bench.delivery.stop(() -> stopped.set(true));
        await().untilTrue(stopped);
    }

    /** Nothing reads the bus before the start, so that what is offered there is lost as in a crash. */
    @Test
    void takesBackAtItsStartWhatWasUnderWayWhenItDied() {
        UUID order = UUID.randomUUID();
        new EventBench(database, tx, 0, here, remote).publish(new Happened(order, 1));
        bench.clock.forward(Duration.ofMinutes(1));
        bench.claim(here);
        assertThat(bench.owed(here)).extracting(Row::owner).containsExactly(bench.properties.instance());

        bench.delivery.start();

        await().untilAsserted(() -> assertThat(bench.owed(here)).isEmpty());
        assertThat(here.handled).containsExactly(new Happened(order, 1));
    }

    @Test
    void handsBackAtItsStopWhatItHasNotBegun() {
        UUID order = UUID.randomUUID();
        remote.effect = event -> Mono.never();
        bench.delivery.start();
        bench.publish(new Happened(order, 1));
        bench.publish(new Happened(order, 2));
        await().untilAsserted(() -> assertThat(remote.keys).hasSize(1));

        stop();

        assertThat(bench.owed(remote)).hasSize(2).allSatisfy(owed -> {
            assertThat(owed.owner()).isNull();
            assertThat(owed.nextAttemptAt())
                    .isBeforeOrEqualTo(bench.clock.instant().plusSeconds(1));
        });
        assertThat(bench.delivery.isRunning()).isFalse();
    }

    @Test
    void letsNoHandlerStallAnother() {
        remote.effect = event -> Mono.never();
        bench.clock.run();
        bench.delivery.start();

        IntStream.range(0, 50).forEach(number -> bench.publish(new Happened(UUID.randomUUID(), number)));

        await().untilAsserted(() -> assertThat(here.handled).hasSize(50));
        assertThat(bench.owed(remote)).hasSize(50);
    }

    @Test
    void handlesTheEventsOfAnAggregateInTheirOrder() {
        UUID order = UUID.randomUUID();
        bench.clock.run();
        bench.delivery.start();

        IntStream.range(0, 50).forEach(number -> bench.publish(new Happened(order, number)));

        await().untilAsserted(() -> assertThat(here.handled).hasSize(50));
        assertThat(here.handled)
                .extracting(Happened::number)
                .containsExactlyElementsOf(IntStream.range(0, 50).boxed().toList());
    }
}
