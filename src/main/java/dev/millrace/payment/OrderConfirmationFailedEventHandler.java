package dev.millrace.payment;

import dev.millrace.event.EventHandler;
import dev.millrace.order.OrderConfirmationFailedEvent;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import lombok.extern.slf4j.Slf4j;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Raises the alarm when a paid order could not be confirmed: a log line and the counter to alert on. */
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
        return "compensate";
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
                    "Order {} was paid ({}) and not confirmed: {}", event.orderId(), event.paymentId(), event.reason());
        });
    }
}
