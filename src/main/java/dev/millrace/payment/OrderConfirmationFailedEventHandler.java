package dev.millrace.payment;

import dev.millrace.event.EventHandler;
import dev.millrace.order.OrderConfirmationFailedEvent;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import lombok.extern.slf4j.Slf4j;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * Raises the alarm at once when a paid order could not be confirmed: a log line and the counter to alert on. The money is up
 * to {@link CompensationHandler}, who may have to wait.
 */
@Slf4j
@Component
class OrderConfirmationFailedEventHandler implements EventHandler<OrderConfirmationFailedEvent> {

    private final Counter alerts;

    OrderConfirmationFailedEventHandler(MeterRegistry metrics) {
        this.alerts = Counter.builder("millrace.order.confirmation.failed")
                .description("Paid orders that could not be confirmed")
                .register(metrics);
    }

    @Override
    public String name() {
        return "alarm";
    }

    @Override
    public Class<OrderConfirmationFailedEvent> eventClass() {
        return OrderConfirmationFailedEvent.class;
    }

    @Override
    public Mono<Void> handle(OrderConfirmationFailedEvent event) {
        return Mono.fromRunnable(() -> {
            alerts.increment();
            log.error(
                    "Order {} was paid ({}) and not confirmed in {} attempts: {} ({})",
                    event.orderId(),
                    event.paymentId(),
                    event.attempts(),
                    event.reason(),
                    event.permanent() ? "permanent" : "its payment goes back unless it is confirmed in time");
        });
    }
}
