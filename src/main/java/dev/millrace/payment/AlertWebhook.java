package dev.millrace.payment;

import dev.millrace.event.RemoteEventHandler;
import dev.millrace.order.OrderConfirmationFailedEvent;
import java.net.URI;
import java.time.Duration;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;

/**
 * Tells a webhook of each paid order that could not be confirmed, at least once. It has deliveries of its own: an alert that
 * fails neither delays the compensation nor fails it.
 */
@Component
@ConditionalOnProperty("millrace.alerts.webhook-url")
class AlertWebhook implements RemoteEventHandler<OrderConfirmationFailedEvent> {

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final URI url;
    private final WebClient client = WebClient.create();

    record Alert(UUID orderId, UUID paymentId, String reason, boolean permanent, int attempts) {

        static Alert of(OrderConfirmationFailedEvent event) {
            return new Alert(event.orderId(), event.paymentId(), event.reason(), event.permanent(), event.attempts());
        }
    }

    AlertWebhook(@Value("${millrace.alerts.webhook-url}") URI url) {
        this.url = url;
    }

    @Override
    public String name() {
        return "alert";
    }

    @Override
    public Class<OrderConfirmationFailedEvent> eventClass() {
        return OrderConfirmationFailedEvent.class;
    }

    @Override
    public Mono<ConfirmationAlertedEvent> handle(OrderConfirmationFailedEvent event, UUID deliveryId) {
        return client.post()
                .uri(url)
                .contentType(MediaType.APPLICATION_JSON)
                .header("Idempotency-Key", deliveryId.toString())
                .bodyValue(Alert.of(event))
                .retrieve()
                .toBodilessEntity()
                .timeout(TIMEOUT)
                .thenReturn(new ConfirmationAlertedEvent(event.orderId()));
    }
}
