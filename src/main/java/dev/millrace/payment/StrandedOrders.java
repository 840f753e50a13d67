package dev.millrace.payment;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import lombok.extern.slf4j.Slf4j;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * Looks for paid orders that are neither confirmed nor refunded and that nothing will ever happen to: no confirmation and no
 * compensation is owed, or an operator has to send a dead one on. There should never be any; if there are, it is said, and
 * nothing is changed.
 */
@Slf4j
@Component
class StrandedOrders {

    private static final int MOST = 100;

    private final PaymentRepository payments;
    private final CompensationProperties properties;
    private final Clock clock;
    private volatile int found;

    StrandedOrders(PaymentRepository payments, CompensationProperties properties, Clock clock, MeterRegistry metrics) {
        this.payments = payments;
        this.properties = properties;
        this.clock = clock;
        Gauge.builder("millrace.orders.stranded", () -> found)
                .description(
                        "Paid orders, at most " + MOST + ", that are not confirmed, not refunded, and owed nothing")
                .strongReference(true)
                .register(metrics);
    }

    Mono<List<UUID>> findStranded() {
        return Mono.defer(() -> payments.findStrandedOrders(clock.instant().minus(properties.strandedAge()), MOST)
                        .collectList())
                .doOnNext(this::report);
    }

    private void report(List<UUID> orders) {
        found = orders.size();
        if (!orders.isEmpty()) {
            log.error("{} paid orders are neither confirmed nor refunded, and owed nothing: {}", found, orders);
        }
    }
}
