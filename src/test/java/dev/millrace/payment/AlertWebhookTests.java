package dev.millrace.payment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.order.OrderConfirmationFailedEvent;
import java.net.URI;
import java.time.Duration;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.web.reactive.function.client.WebClientResponseException;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.test.StepVerifier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Somebody outside learns of a paid order that could not be confirmed. */
class AlertWebhookTests {

    private final Queue<String> received = new ConcurrentLinkedQueue<>();
    private final Queue<String> keys = new ConcurrentLinkedQueue<>();
    private volatile int status = 204;
    private final DisposableServer server = HttpServer.create()
            .handle((request, response) -> request.receive()
                    .aggregate()
                    .asString()
                    .doOnNext(received::add)
                    .doOnNext(body -> keys.add(request.requestHeaders().get("Idempotency-Key")))
                    .then(Mono.defer(() -> response.status(status).send().then())))
            .bindNow();

    private final AlertWebhook webhook = new AlertWebhook(URI.create("http://localhost:" + server.port() + "/alerts"));
    private final OrderConfirmationFailedEvent event =
            new OrderConfirmationFailedEvent(UUID.randomUUID(), UUID.randomUUID(), "no stock", true, 3);

    @AfterEach
    void stop() {
        server.disposeNow(Duration.ofSeconds(1));
    }

    @Test
    void tellsTheWebhookWhatHappened() {
        UUID delivery = UUID.randomUUID();

        webhook.handle(event, delivery)
                .as(StepVerifier::create)
                .expectNext(new ConfirmationAlertedEvent(event.orderId()))
                .verifyComplete();

        assertThat(keys).containsExactly(delivery.toString());
        JsonNode alert = JsonMapper.shared().readTree(received.remove());
        assertThat(alert.path("orderId").asString()).isEqualTo(event.orderId().toString());
        assertThat(alert.path("paymentId").asString())
                .isEqualTo(event.paymentId().toString());
        assertThat(alert.path("reason").asString()).isEqualTo("no stock");
        assertThat(alert.path("permanent").asBoolean()).isTrue();
        assertThat(alert.path("attempts").asInt()).isEqualTo(3);
    }

    @Test
    void failsAndIsTriedAgainWhenTheWebhookDeclines() {
        status = 500;

        webhook.handle(event, UUID.randomUUID()).as(StepVerifier::create).verifyError(WebClientResponseException.class);
    }
}
