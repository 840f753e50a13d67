package dev.millrace.export;

import dev.millrace.event.TransientFailure;
import io.netty.channel.ChannelOption;
import io.netty.handler.timeout.ReadTimeoutException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.reactive.function.client.WebClientException;
import reactor.core.publisher.Mono;
import reactor.netty.http.Http11SslContextSpec;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import tools.jackson.databind.json.JsonMapper;

/**
 * The platform behind a URL, told over HTTP in the way of Standard Webhooks.
 *
 * <p>What it answers is judged by its status alone; its body is read up to a bound, so that the connection can be used again,
 * and thrown away. Redirects are not followed: a signed order goes where it was meant to go, or nowhere.
 */
class HttpExternalPlatformClient implements ExternalPlatformClient, AutoCloseable {

    private static final int LONGEST_BODY = 16 * 1024;
    private static final Duration LONGEST_IDLE = Duration.ofSeconds(30);

    private record Envelope(String type, Instant timestamp, Object data) {}

    private final JsonMapper json = JsonMapper.builder().build();
    private final WebhookSignature signature;
    private final Clock clock;
    private final ConnectionProvider connections;
    private final URI url;
    private final WebClient client;

    HttpExternalPlatformClient(ExportProperties properties, Clock clock) {
        this.url = Objects.requireNonNull(properties.url());
        this.signature = new WebhookSignature(properties.secrets());
        this.clock = clock;
        this.connections = connections(properties);
        this.client = WebClient.builder()
                .clientConnector(new ReactorClientHttpConnector(httpClient(properties, connections)))
                .build();
    }

    @Override
    public Mono<Void> sendOrder(OrderPayload payload, String idempotencyKey) {
        return send("order.confirmed", payload.confirmedAt(), payload, idempotencyKey);
    }

    @Override
    public Mono<Void> sendRefund(RefundPayload payload, String idempotencyKey) {
        return send("payment.refunded", payload.refundedAt(), payload, idempotencyKey);
    }

    @Override
    public void close() {
        connections.dispose();
    }

    /** @param timestamp when it happened, so that each repetition sends the same bytes */
    private Mono<Void> send(String type, Instant timestamp, Object payload, String key) {
        return Mono.fromCallable(() -> json.writeValueAsBytes(new Envelope(type, timestamp, payload)))
                .flatMap(body -> post(body, key))
                .onErrorMap(WebClientException.class, HttpExternalPlatformClient::toFailure)
                .checkpoint("send " + type);
    }

    private Mono<Void> post(byte[] body, String key) {
        return client.post()
                .uri(url)
                .contentType(MediaType.APPLICATION_JSON)
                .headers(headers -> addIdentity(headers, key, body))
                .bodyValue(body)
                .exchangeToMono(this::judge);
    }

    private void addIdentity(HttpHeaders headers, String key, byte[] body) {
        Instant now = clock.instant();
        headers.set(HttpHeaders.USER_AGENT, "millrace");
        headers.set("Idempotency-Key", key);
        headers.set("webhook-id", key);
        headers.set("webhook-timestamp", String.valueOf(now.getEpochSecond()));
        if (signature.isConfigured()) {
            headers.set("webhook-signature", signature.sign(key, now, body));
        }
    }

    private Mono<Void> judge(ClientResponse response) {
        return response.statusCode().is2xxSuccessful()
                ? discardBody(response)
                : discardBody(response)
                        .onErrorComplete()
                        .then(Mono.error(() -> PlatformRefusal.of(response, clock.instant())));
    }

    /** Completes at the end of the body, or drops the connection when there is too much of it. */
    private static Mono<Void> discardBody(ClientResponse response) {
        return response.bodyToFlux(DataBuffer.class)
                .map(HttpExternalPlatformClient::discard)
                .scan(0, Integer::sum)
                .takeUntil(read -> read > LONGEST_BODY)
                .onErrorMap(HttpExternalPlatformClient::toFailure)
                .then();
    }

    private static int discard(DataBuffer buffer) {
        int size = buffer.readableByteCount();
        DataBufferUtils.release(buffer);
        return size;
    }

    private static TransientFailure toFailure(Throwable error) {
        boolean late = error instanceof ReadTimeoutException || error.getCause() instanceof ReadTimeoutException;
        return new TransientFailure(late ? "platform did not answer in time" : "connection failed");
    }

    private static ConnectionProvider connections(ExportProperties properties) {
        return ConnectionProvider.builder("export")
                .maxConnections(properties.connections())
                .pendingAcquireMaxCount(properties.connections())
                .pendingAcquireTimeout(properties.timeout())
                .maxIdleTime(LONGEST_IDLE)
                .build();
    }

    private static HttpClient httpClient(ExportProperties properties, ConnectionProvider connections) {
        return HttpClient.create(connections)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        properties.connectTimeout().toMillis())
                .responseTimeout(properties.timeout())
                .followRedirect(false)
                .secure(ssl -> ssl.sslContext(Http11SslContextSpec.forClient()));
    }
}
