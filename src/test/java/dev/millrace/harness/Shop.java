package dev.millrace.harness;

import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Lazy;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A shop that uses the service over HTTP as any client does, and the fixtures that it needs: users, products, orders. */
@Lazy
public class Shop {

    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
    private static final AtomicLong USERS = new AtomicLong(1_000_000);

    private final JsonMapper json = JsonMapper.shared();
    private final String baseUrl;
    private final WebClient client;

    Shop(@Value("${local.server.port}") int port) {
        this.baseUrl = "http://localhost:" + port;
        this.client = WebClient.create(baseUrl);
    }

    /** A client for tests that are about what exactly goes over the wire. */
    public WebTestClient tester() {
        return WebTestClient.bindToServer()
                .baseUrl(baseUrl)
                .responseTimeout(LONGEST_WAIT)
                .build();
    }

    /** The path as it is, without encoding anything in it. */
    public URI rawUri(String path) {
        return URI.create(baseUrl + path);
    }

    /** A user that nobody else has. */
    public long aUser() {
        return USERS.incrementAndGet();
    }

    public long aUserWith(long amount) {
        long user = aUser();
        now(charge(user, amount));
        return user;
    }

    public long aProduct(long price) {
        return now(post("/products", "{\"name\":\"Thing\",\"price\":%d}".formatted(price)))
                .number("id");
    }

    /** An order of one thing that costs the total. */
    public UUID anOrder(long userId, long total) {
        return anOrderOf(userId, aProduct(total), 1);
    }

    public UUID anOrderOf(long userId, long productId, long quantity) {
        return now(order(userId, productId, quantity)).id();
    }

    public Mono<Reply> order(long userId, long productId, long quantity) {
        return post(
                "/orders",
                "{\"userId\":%d,\"items\":[{\"productId\":%d,\"quantity\":%d}]}"
                        .formatted(userId, productId, quantity));
    }

    public Mono<Reply> charge(long userId, long amount) {
        return post("/balances/" + userId + "/charges", "{\"amount\":%d}".formatted(amount));
    }

    public Mono<Reply> pay(UUID orderId, long userId) {
        return post("/payments", payment(orderId, userId));
    }

    public Mono<Reply> pay(UUID orderId, long userId, String key) {
        return post("/payments", payment(orderId, userId), key);
    }

    public Mono<Reply> cancel(UUID orderId) {
        return post("/orders/" + orderId + "/cancel", "");
    }

    public long balanceOf(long userId) {
        return now(get("/balances/" + userId)).number("amount");
    }

    public String statusOf(UUID orderId) {
        return now(get("/orders/" + orderId)).text("status");
    }

    public Mono<Reply> get(String path) {
        return client.get().uri(path).exchangeToMono(this::toReply);
    }

    public Mono<Reply> post(String path, String body) {
        return post(path, body, null);
    }

    public Mono<Reply> post(String path, String body, String key) {
        return client.post()
                .uri(path)
                .contentType(MediaType.APPLICATION_JSON)
                .headers(headers -> addKey(headers, key))
                .bodyValue(body)
                .exchangeToMono(this::toReply);
    }

    /** Waits for the answer, for tests in which a request is only the way to what they are about. */
    public static <T> T now(Mono<T> answer) {
        return Objects.requireNonNull(answer.block(LONGEST_WAIT));
    }

    public static String payment(UUID orderId, long userId) {
        return "{\"orderId\":\"%s\",\"userId\":%d}".formatted(orderId, userId);
    }

    private static void addKey(HttpHeaders headers, String key) {
        if (key != null) {
            headers.set("Idempotency-Key", key);
        }
    }

    private Mono<Reply> toReply(ClientResponse response) {
        return response.bodyToMono(byte[].class)
                .defaultIfEmpty(new byte[0])
                .map(this::parse)
                .map(body -> new Reply(
                        response.statusCode().value(), response.headers().asHttpHeaders(), body));
    }

    private JsonNode parse(byte[] body) {
        return json.readTree(body);
    }
}
