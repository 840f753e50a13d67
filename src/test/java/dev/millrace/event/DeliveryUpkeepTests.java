package dev.millrace.event;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.AttemptRepository.Outcome;
import dev.millrace.event.DeliveryAdminRepository.Dead;
import dev.millrace.event.EventBench.Happened;
import dev.millrace.event.EventBench.Here;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.shared.Purge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/** History is kept for a while and gauges tell what is owed. */
@RunningService
@RequiredArgsConstructor
class DeliveryUpkeepTests {

    private static final Duration RETENTION = Duration.ofDays(30);

    private final DatabaseClient database;
    private final TransactionalOperator tx;
    private final Ledger ledger;
    private final AttemptRepository attempts;
    private final DeliveryAdminService admin;
    private final Purge purge;
    private final DeliveryGauges gauges;
    private final MeterRegistry metrics;
    private final Here here = new Here();

    @Test
    void forgetsTheHistoryOfSettledDeliveriesOnceItIsOld() {
        Delivery settled = aDeadDelivery();
        Delivery owed = aDeadDelivery();
        Instant old = Instant.now().minus(RETENTION).minusSeconds(1);
        attempts.insertAll(Collections.nCopies(1_200, new Dead(settled.id(), 1)), Outcome.FAILED, "old", old)
                .block();
        attempts.insert(owed, Outcome.FAILED, "old", old).block();
        admin.discard(settled.id(), "settled").block();

        purge.olderThan(RETENTION, attempts::purge).block();

        assertThat(historyOf(settled.id()))
                .as("its last failure and the discard")
                .isEqualTo(2);
        assertThat(historyOf(owed.id())).isEqualTo(2);
    }

    @Test
    void gaugesWhatIsOwed() {
        now(gauges.count());
        double before = dead();

        aDeadDelivery();
        now(gauges.count());

        assertThat(dead()).isEqualTo(before + 1);
        assertThat(metrics.get("millrace.deliveries").gauges()).hasSize(3);
    }

    private Delivery aDeadDelivery() {
        EventBench bench = new EventBench(database, tx, 0, here);
        here.effect = event -> Mono.error(new PermanentFailure("broken"));
        bench.publish(new Happened(UUID.randomUUID(), 1));
        Delivery delivery = bench.claim(here).get(0);
        bench.attempt(delivery);
        return delivery;
    }

    private double dead() {
        return metrics.get("millrace.deliveries").tag("status", "DEAD").gauge().value();
    }

    private long historyOf(UUID deliveryId) {
        return ledger.count("SELECT COUNT(*) FROM delivery_attempt WHERE delivery_id = :id", deliveryId);
    }
}
