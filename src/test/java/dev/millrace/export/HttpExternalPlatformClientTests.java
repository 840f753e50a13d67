package dev.millrace.export;

import static dev.millrace.export.ExportFixture.aKey;
import static dev.millrace.export.ExportFixture.anOrder;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.PermanentFailure;
import dev.millrace.event.TransientFailure;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import tools.jackson.databind.JsonNode;

/** However the platform behaves, each call ends, in time and in little memory, and says what a repetition is good for. */
class HttpExternalPlatformClientTests implements ExternalPlatformClientContract {

    private static final Instant NOW = Instant.parse("2026-05-01T10:16:00.5Z");
    private static final Duration SHORT = Duration.ofMillis(300);

    private final PlatformStandIn platform = new PlatformStandIn();
    private final HttpExternalPlatformClient client = clientOf(Duration.ofSeconds(4), ExportFixture.SECRET);

    @Override
    public ExternalPlatformClient client() {
        return client;
    }

    @Override
    public List<OrderPayload> accepted() {
        return platform.accepted();
    }

    @AfterEach
    void hangUp() {
        client.close();
        platform.close();
    }

    @Test
    void sendsTheOrderInAnEnvelopeThatIsTheSameEachTime() {
        OrderPayload order = anOrder();
        String key = aKey();

        client.sendOrder(order, key)
                .then(client.sendOrder(order, key))
                .as(StepVerifier::create)
                .verifyComplete();

        PlatformStandIn.Call call = platform.calls().get(0);
        JsonNode body = call.json();
        assertThat(body.propertyNames()).containsExactly("type", "timestamp", "data");
        assertThat(body.path("type").asString()).isEqualTo("order.confirmed");
        assertThat(body.path("timestamp").asString()).isEqualTo("2026-05-01T10:15:30.123456Z");
        assertThat(body.at("/data/orderId").asString())
                .isEqualTo(order.orderId().toString());
        assertThat(body.at("/data/items/0/name").asString()).isEqualTo("Täglich Brot");
        assertThat(call.header("Content-Type")).isEqualTo("application/json");
        assertThat(platform.calls().get(1).body()).isEqualTo(call.body());
    }

    @Test
    void namesItselfByTheKeyAndSignsExactlyWhatItSends() throws Exception {
        String key = aKey();

        client.sendOrder(anOrder(), key).as(StepVerifier::create).verifyComplete();

        PlatformStandIn.Call call = platform.calls().get(0);
        assertThat(call.header("Idempotency-Key")).isEqualTo(key);
        assertThat(call.header("webhook-id")).isEqualTo(key);
        assertThat(call.header("webhook-timestamp")).isEqualTo(String.valueOf(NOW.getEpochSecond()));
        assertThat(call.header("webhook-signature")).isEqualTo("v1," + hash(ExportFixture.SECRET, call));
    }

    @Test
    void signsWithBothSecretsWhileOneReplacesTheOther() throws Exception {
        try (HttpExternalPlatformClient rotating =
                clientOf(SHORT.multipliedBy(10), ExportFixture.NEXT_SECRET, ExportFixture.SECRET)) {
            rotating.sendOrder(anOrder(), aKey()).as(StepVerifier::create).verifyComplete();
        }

        PlatformStandIn.Call call = platform.calls().get(0);
        assertThat(call.header("webhook-signature"))
                .isEqualTo("v1," + hash(ExportFixture.NEXT_SECRET, call) + " v1," + hash(ExportFixture.SECRET, call));
    }

    @Test
    void signsNothingWithoutASecret() {
        try (HttpExternalPlatformClient unsigned = clientOf(SHORT.multipliedBy(10))) {
            unsigned.sendOrder(anOrder(), aKey()).as(StepVerifier::create).verifyComplete();
        }

        assertThat(platform.calls().get(0).header("webhook-signature")).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 201, 202, 204, 299})
    void isDoneWhenThePlatformAccepts(int status) {
        platform.answers(PlatformStandIn.status(status));

        send();
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 425, 429, 500, 501, 502, 503, 504, 599})
    void mayBeRepeatedWhenThePlatformCannotNow(int status) {
        platform.answers(PlatformStandIn.body(status, "{\"error\":\"order 4711 at platform.example\"}"));

        assertThat(failure(TransientFailure.class)).hasMessage("platform answered " + status);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 451})
    void isNotWorthRepeatingWhenThePlatformRefuses(int status) {
        platform.answers(PlatformStandIn.body(status, "no"));

        assertThat(failure(PermanentFailure.class)).hasMessage("platform answered " + status);
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void followsNoRedirect(int status) {
        platform.answers(PlatformStandIn.status(status, "Location", platform.url() + "/elsewhere"));

        assertThat(failure(PermanentFailure.class)).hasMessage("platform answered " + status);
        assertThat(platform.calls()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"7 | 7", "0 | 0", "86400 | 3600", "'Fri, 01 May 2026 10:17:00 GMT' | 59"})
    void tellsWhenThePlatformWantsToBeAskedAgain(String header, long seconds) {
        platform.answers(PlatformStandIn.status(429, "Retry-After", header));

        Duration asked = failure(TransientFailure.class).retryAfter().orElseThrow();

        assertThat(asked.toSeconds()).isEqualTo(seconds);
    }

    @ParameterizedTest
    @ValueSource(strings = {"soon", "-1", "Fri, 01 May 2026 10:15:00 GMT", "99999999999999999999"})
    void passesOverARetryAfterThatMakesNoSense(String header) {
        platform.answers(PlatformStandIn.status(503, "Retry-After", header));

        assertThat(failure(TransientFailure.class).retryAfter()).isEmpty();
    }

    @Test
    void waitsForASlowAnswer() {
        platform.answers(PlatformStandIn.later(SHORT, PlatformStandIn.status(200)));

        send();
    }

    @Test
    void waitsNoLongerThanItsTime() {
        platform.answers(PlatformStandIn.silence());

        assertThat(failureInAShortTime()).hasMessage("platform did not answer in time");
    }

    @Test
    void waitsNoLongerThanItsTimeForTheEndOfAnAnswerEither() {
        platform.answers(PlatformStandIn.trickle(200));

        assertThat(failureInAShortTime()).hasMessage("platform did not answer in time");
    }

    @Test
    void mayBeRepeatedWhenNobodyIsThere() {
        platform.close();

        assertThat(failure(TransientFailure.class)).hasMessage("connection failed");
    }

    @Test
    void mayBeRepeatedWhenThePlatformHangsUp() {
        platform.answers(PlatformStandIn.hangUp());

        assertThat(failure(TransientFailure.class)).hasMessage("connection failed");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 20",
                "HTTP/1.1 200 OK\r\nContent-Le",
                "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf"
            })
    void mayBeRepeatedWhenThePlatformHangsUpHalfWay(String half) {
        platform.answers(PlatformStandIn.raw(half));

        assertThat(failure(TransientFailure.class)).hasMessage("connection failed");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "garbage\r\n\r\n",
                "\u0000\u0001\u0002\u0003\r\n\r\n",
                "HTTP/1.1 abc OK\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            })
    void mayBeRepeatedWhenThePlatformTalksNonsense(String garbage) {
        platform.answers(PlatformStandIn.raw(garbage));

        assertThat(failure(TransientFailure.class)).hasMessage("connection failed");
    }

    @Test
    void knowsWhatHalfARefusalMeans() {
        platform.answers(PlatformStandIn.raw("HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\nhalf"));

        assertThat(failure(PermanentFailure.class)).hasMessage("platform answered 400");
    }

    @Test
    void readsNoMoreOfALongAnswerThanItMust() {
        platform.answers(platform.endless(200));

        send();

        long sent = platform.bytesSent.get();
        assertThat(sent).isLessThan(16 * 1024 * 1024);
        await().during(Duration.ofMillis(200))
                .untilAsserted(() -> assertThat(platform.bytesSent.get() - sent).isLessThan(1024 * 1024));
    }

    @Test
    void readsNoMoreOfALongRefusalThanItMust() {
        platform.answers(platform.endless(400));

        assertThat(failure(PermanentFailure.class)).hasMessage("platform answered 400");
        assertThat(platform.bytesSent).hasValueLessThan(16 * 1024 * 1024);
    }

    /** The next call may begin before the connection of the last one is back. */
    @Test
    void usesAConnectionAgainUnlessItWasSpoilt() {
        platform.answers(PlatformStandIn.body(200, "thanks"));

        Flux.range(0, 10)
                .concatMap(number -> client.sendOrder(anOrder(), aKey()))
                .as(StepVerifier::create)
                .verifyComplete();

        assertThat(platform.connections()).isLessThanOrEqualTo(2);
    }

    /** The platform takes everything and answers nothing; who gives up leaves no connection behind. */
    @Test
    void leavesNoConnectionBehindWhenItIsCancelled() {
        platform.answers(PlatformStandIn.silence());
        Flux.range(0, 12)
                .concatMap(number -> client.sendOrder(anOrder(), aKey())
                        .timeout(Duration.ofMillis(50))
                        .onErrorComplete())
                .as(StepVerifier::create)
                .verifyComplete();

        platform.answers(PlatformStandIn.status(200));

        send();
        await().untilAsserted(() -> assertThat(platform.openConnections()).isEqualTo(1));
    }

    private void send() {
        client.sendOrder(anOrder(), aKey()).as(StepVerifier::create).verifyComplete();
    }

    private <E extends Throwable> E failure(Class<E> type) {
        return type.cast(failureOf(client, type));
    }

    /** Through the breaker, as all calls go: it holds the clock for the whole of the call. */
    private TransientFailure failureInAShortTime() {
        ExportProperties properties = ExportFixture.propertiesOf(platform.url(), SHORT);
        PlatformBreaker breaker = new PlatformBreaker(properties, Clock.systemUTC());
        try (HttpExternalPlatformClient hasty = clientOf(SHORT)) {
            return failureOf(breaker.protect(hasty.sendOrder(anOrder(), aKey())), TransientFailure.class);
        }
    }

    private static <E extends Throwable> E failureOf(ExternalPlatformClient failing, Class<E> type) {
        return failureOf(failing.sendOrder(anOrder(), aKey()), type);
    }

    private static <E extends Throwable> E failureOf(Mono<Void> failing, Class<E> type) {
        Throwable[] caught = new Throwable[1];
        failing.as(StepVerifier::create).verifyErrorSatisfies(error -> caught[0] = error);
        assertThat(caught[0]).isExactlyInstanceOf(type);
        return type.cast(caught[0]);
    }

    private HttpExternalPlatformClient clientOf(Duration timeout, String... secrets) {
        return new HttpExternalPlatformClient(
                ExportFixture.propertiesOf(platform.url(), timeout, secrets), Clock.fixed(NOW, ZoneOffset.UTC));
    }

    /** The signature as a receiver computes it, from what has arrived. */
    private static String hash(String secret, PlatformStandIn.Call call) throws GeneralSecurityException {
        var signed = new ByteArrayOutputStream();
        signed.writeBytes((call.header("webhook-id") + "." + call.header("webhook-timestamp") + ".")
                .getBytes(StandardCharsets.US_ASCII));
        signed.writeBytes(call.body());
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.substring("whsec_".length())), "HmacSHA256"));
        return Base64.getEncoder().encodeToString(mac.doFinal(signed.toByteArray()));
    }
}
