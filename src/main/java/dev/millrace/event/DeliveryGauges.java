package dev.millrace.event;

import dev.millrace.shared.Recurring;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.publisher.Mono;

/**
 * Says how many deliveries are owed, as {@code millrace.deliveries} by status. The figures are a few seconds old: they are
 * counted once for all statuses, and never because somebody asks.
 */
@Configuration(proxyBeanMethods = false)
class DeliveryGauges {

    private static final Duration INTERVAL = Duration.ofSeconds(5);

    private final DeliveryAdminRepository deliveries;
    private volatile Map<DeliveryStatus, Long> counts = Map.of();

    DeliveryGauges(DeliveryAdminRepository deliveries, MeterRegistry metrics) {
        this.deliveries = deliveries;
        for (DeliveryStatus status : DeliveryStatus.values()) {
            Gauge.builder("millrace.deliveries", () -> counts.getOrDefault(status, 0L))
                    .description("Deliveries that are still owed")
                    .tag("status", status.name())
                    .register(metrics);
        }
    }

    @Bean
    Recurring deliveryCount() {
        return new Recurring("Counting deliveries", INTERVAL, count());
    }

    /** What was counted stays until it is counted again, even if that takes several turns. */
    Mono<Map<DeliveryStatus, Long>> count() {
        return deliveries.countByStatus().doOnNext(counted -> counts = counted);
    }
}
