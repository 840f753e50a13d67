package dev.millrace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.test.web.reactive.server.EntityExchangeResult;
import org.springframework.test.web.reactive.server.WebTestClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whatever a client sends, it gets a problem of the contract: the client's fault is said, and nothing of the inside. */
@RunningService
class MalformedRequestTests {

    private static final String ORDER = UUID.randomUUID().toString();
    private static final String MALFORMED = "malformed-json";
    private static final String INVALID = "validation-failed";

    private final Shop shop;
    private final WebTestClient client;

    MalformedRequestTests(Shop shop) {
        this.shop = shop;
        this.client = shop.tester();
    }

    /** A place to post to, with a good body and the names of a number and, if there is one, of an array or text in it. */
    private record Target(String path, String good, String number, String notText) {

        String with(String field, String value) {
            return good.replaceFirst("\"" + field + "\":(\"[^\"]*\"|[0-9]+)", "\"" + field + "\":" + value);
        }
    }

    private static final List<Target> TARGETS = List.of(
            new Target("/products", "{\"name\":\"Pen\",\"price\":100}", "price", "name"),
            new Target("/balances/7/charges", "{\"amount\":100}", "amount", null),
            new Target("/orders", "{\"userId\":7,\"items\":[{\"productId\":1,\"quantity\":2}]}", "userId", "items"),
            new Target("/orders", "{\"userId\":7,\"items\":[{\"productId\":1,\"quantity\":2}]}", "quantity", "items"),
            new Target("/payments", "{\"orderId\":\"" + ORDER + "\",\"userId\":7,\"amount\":5}", "userId", "orderId"),
            new Target("/payments", "{\"orderId\":\"" + ORDER + "\",\"userId\":7,\"amount\":5}", "amount", "orderId"));

    static Stream<Arguments> bodies() {
        return TARGETS.stream()
                .flatMap(target -> Stream.concat(wholeBodies(target), Stream.concat(numbers(target), texts(target))));
    }

    private static Stream<Arguments> wholeBodies(Target target) {
        String good = target.good();
        String open = good.substring(0, good.length() - 1);
        return Stream.of(
                body(target, "empty", "", MALFORMED),
                body(target, "blank", "  \n ", MALFORMED),
                body(target, "null", "null", MALFORMED),
                body(target, "true", "true", MALFORMED),
                body(target, "number", "17", MALFORMED),
                body(target, "text", "\"text\"", MALFORMED),
                body(target, "array", "[]", MALFORMED),
                body(target, "array around it", "[" + good + "]", MALFORMED),
                body(target, "cut off", open, MALFORMED),
                body(target, "never begun", good.substring(1), MALFORMED),
                body(target, "trailing word", good + " x", MALFORMED),
                body(target, "trailing object", good + good, MALFORMED),
                body(target, "trailing comma", open + ",}", MALFORMED),
                body(target, "single quotes", good.replace('"', '\''), MALFORMED),
                body(target, "comment", "/* hello */" + good, MALFORMED),
                body(target, "form", "amount=100", MALFORMED),
                body(target, "nested too deeply", "{\"a\":".repeat(2_000), null),
                body(target, "arrays nested too deeply", "[".repeat(10_000), MALFORMED),
                body(target, "repeated field", open + "," + good.substring(1), MALFORMED),
                body(target, "unknown field", open + ",\"amonut\":1}", INVALID),
                body(target, "unknown field with a class in it", open + ",\"@class\":\"java.io.File\"}", INVALID),
                body(target, "no field", "{}", INVALID));
    }

    private static Stream<Arguments> numbers(Target target) {
        return Stream.of(
                        "null",
                        "true",
                        "\"100\"",
                        "\"\"",
                        "[]",
                        "[100]",
                        "{}",
                        "1.5",
                        "1.0",
                        "1e2",
                        "0",
                        "-1",
                        "9007199254740992000",
                        "9223372036854775808",
                        "-9223372036854775809",
                        "1e400",
                        "1" + "0".repeat(400))
                .filter(value -> !(target.number().equals("amount")
                        && target.path().equals("/payments")
                        && value.equals("null")))
                .filter(value -> !(target.number().equals("userId") && value.equals("9007199254740992000")))
                .map(value -> body(target, shortened(value), target.with(target.number(), value), INVALID));
    }

    private static Stream<Arguments> texts(Target target) {
        if (target.notText() == null) {
            return Stream.of(body(target, "2^53", "{\"amount\":9007199254740992}", INVALID));
        }
        return Stream.of("null", "17", "true", "{}", "\"\"", "\" \"", "[17]", "[null]", "[]", "\"\\ud800\"")
                .map(value -> body(
                        target,
                        target.notText() + " " + value,
                        target.good()
                                .replaceFirst(
                                        "\"" + target.notText() + "\":(\"[^\"]*\"|\\[.*])",
                                        java.util.regex.Matcher.quoteReplacement(
                                                "\"" + target.notText() + "\":" + value)),
                        INVALID));
    }

    private static Arguments body(Target target, String kind, String body, String code) {
        return Arguments.of(target.path(), kind + " for " + target.number(), body, code);
    }

    private static String shortened(String value) {
        return value.length() <= 24 ? value : value.substring(0, 24) + "…";
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("bodies")
    void refusesABodyThatIsNotWhatItMustBe(String path, String kind, String body, String code) {
        var result = post(path, MediaType.APPLICATION_JSON, body.getBytes(StandardCharsets.UTF_8));

        JsonNode problem = problem(result, 400);
        if (code != null) {
            assertThat(problem.path("code").asString()).isEqualTo(code);
        }
    }

    static Stream<Arguments> rawBodies() {
        return Stream.of("/products", "/balances/7/charges", "/orders", "/payments")
                .flatMap(path -> Stream.of(
                        Arguments.of(path, new byte[] {(byte) 0xff, (byte) 0xfe, 0x00}),
                        Arguments.of(path, new byte[] {'{', '"', (byte) 0xc3, 0x28, '"', ':', '1', '}'}),
                        Arguments.of(path, new byte[] {'{', '"', 'n', 'a', 'm', 'e', '"', ':', '"', (byte) 0xe2}),
                        Arguments.of(path, new byte[] {0, 0, 0, 0, 0, 0}),
                        Arguments.of(path, "{\"name\":\"a\u0000b\"}".getBytes(StandardCharsets.UTF_8))));
    }

    @ParameterizedTest
    @MethodSource("rawBodies")
    void refusesBytesThatAreNotText(String path, byte[] body) {
        var result = post(path, MediaType.APPLICATION_JSON, body);

        assertThat(problem(result, 400).path("code").asString()).isEqualTo(MALFORMED);
    }

    static Stream<String> posts() {
        return Stream.of("/products", "/balances/7/charges", "/orders", "/payments");
    }

    @ParameterizedTest
    @MethodSource("posts")
    void refusesABodyBeyond64KiB(String path) {
        String large = "{\"name\":\"" + "x".repeat(65 * 1024) + "\"}";

        var result = post(path, MediaType.APPLICATION_JSON, large.getBytes(StandardCharsets.UTF_8));

        assertThat(problem(result, 413).path("code").asString()).isEqualTo("payload-too-large");
    }

    static Stream<Arguments> mediaTypes() {
        return posts().flatMap(path -> Stream.of("text/plain", "application/xml", "application/x-www-form-urlencoded")
                .map(type -> Arguments.of(path, type)));
    }

    @ParameterizedTest
    @MethodSource("mediaTypes")
    void refusesABodyOfAnotherMediaType(String path, String type) {
        var result = post(path, MediaType.parseMediaType(type), "{}".getBytes(StandardCharsets.UTF_8));

        assertThat(problem(result, 415).path("code").asString()).isEqualTo("unsupported-media-type");
    }

    @ParameterizedTest
    @MethodSource("posts")
    void refusesABodyOfNoMediaType(String path) {
        var result = client.post().uri(path).exchange().expectBody().returnResult();

        assertThat(problem(result, 415).path("code").asString()).isEqualTo("unsupported-media-type");
    }

    @ParameterizedTest
    @MethodSource("posts")
    void refusesABodyWhoseMediaTypeIsNone(String path) {
        var result = client.post()
                .uri(path)
                .header("Content-Type", "nonsense")
                .exchange()
                .expectBody()
                .returnResult();

        assertThat(problem(result, 415).path("code").asString()).isEqualTo("unsupported-media-type");
    }

    static Stream<Arguments> methods() {
        return Stream.of(
                        Arguments.of("/products", "GET,POST"),
                        Arguments.of("/products/1", "GET"),
                        Arguments.of("/balances/7", "GET"),
                        Arguments.of("/balances/7/entries", "GET"),
                        Arguments.of("/balances/7/charges", "POST"),
                        Arguments.of("/orders", "GET,POST"),
                        Arguments.of("/orders/" + ORDER, "GET"),
                        Arguments.of("/orders/" + ORDER + "/cancel", "POST"),
                        Arguments.of("/payments", "GET,POST"),
                        Arguments.of("/payments/" + ORDER, "GET"),
                        Arguments.of("/rankings/products", "GET"))
                .flatMap(row -> Stream.of("PUT", "PATCH", "DELETE", "POST", "GET")
                        .filter(method -> !row.get()[1].toString().contains(method))
                        .map(method -> Arguments.of(method, row.get()[0], row.get()[1])));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("methods")
    void namesTheMethodsThatThePathKnows(String method, String path, String allowed) {
        var result = client.method(HttpMethod.valueOf(method))
                .uri(path)
                .exchange()
                .expectBody()
                .returnResult();

        assertThat(problem(result, 405).path("code").asString()).isEqualTo("method-not-allowed");
        assertThat(result.getResponseHeaders().getAllow())
                .extracting(HttpMethod::name)
                .containsExactlyInAnyOrder(allowed.split(","));
    }

    static Stream<Arguments> paths() {
        String huge = "9".repeat(30);
        Stream<Arguments> ids = Stream.of("0", "-1", "x", "1.0", huge, "%20", "%00", "%27")
                .flatMap(id -> Stream.of("/products/" + id, "/balances/" + id, "/balances/" + id + "/entries"))
                .map(path -> Arguments.of(path, INVALID));
        Stream<Arguments> uuids = Stream.of("1", "x", "1-1-1-1-1", ORDER + "0", ORDER.replace("-", ""), "%00", "null")
                .flatMap(id -> Stream.of("/orders/" + id, "/payments/" + id, "/payments?orderId=" + id))
                .map(path -> Arguments.of(path, INVALID));
        Stream<Arguments> limits = Stream.of("0", "-1", "101", "x", "", "1.5", huge, "%20")
                .flatMap(limit -> Stream.of(
                        "/products?limit=" + limit,
                        "/balances/7/entries?limit=" + limit,
                        "/orders?userId=7&limit=" + limit,
                        "/rankings/products?limit=" + limit))
                .map(path -> Arguments.of(path, INVALID));
        Stream<Arguments> cursors = Stream.of(
                        "", "x", "%25%25", "bm90IG91cnM", "b3JkZXJzIG9mIDgKMTI", "A".repeat(4_000))
                .flatMap(cursor -> Stream.of(
                        "/products?cursor=" + cursor,
                        "/balances/7/entries?cursor=" + cursor,
                        "/orders?userId=7&cursor=" + cursor))
                .map(path -> Arguments.of(path, "invalid-cursor"));
        Stream<Arguments> parameters = Stream.of(
                        "/orders",
                        "/orders?userId=",
                        "/orders?userId=0",
                        "/orders?userId=x",
                        "/payments",
                        "/payments?orderId=",
                        "/rankings/products?window=2h",
                        "/rankings/products?window=",
                        "/rankings/products?metric=QUANTITY",
                        "/rankings/products?metric=")
                .map(path -> Arguments.of(path, INVALID));
        return Stream.of(ids, uuids, limits, cursors, parameters).flatMap(all -> all);
    }

    @ParameterizedTest
    @MethodSource("paths")
    void refusesAPathThatIsNotWhatItMustBe(String path, String code) {
        var result = client.get().uri(shop.rawUri(path)).exchange().expectBody().returnResult();

        assertThat(problem(result, 400).path("code").asString()).isEqualTo(code);
    }

    static Stream<String> unknownPaths() {
        return Stream.of(
                "/",
                "/nothing",
                "/payment",
                "/orders/" + ORDER + "/cancel/again",
                "/balances",
                "/products/1/2",
                "/%2e%2e");
    }

    @ParameterizedTest
    @MethodSource("unknownPaths")
    void knowsNothingAtAnUnknownPath(String path) {
        var result = client.get().uri(shop.rawUri(path)).exchange().expectBody().returnResult();

        assertThat(problem(result, 404).path("code").asString()).isEqualTo("not-found");
    }

    @ParameterizedTest
    @MethodSource("unknownPaths")
    void takesNothingAtAnUnknownPath(String path) {
        var result = client.post()
                .uri(shop.rawUri(path))
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue("{}")
                .exchange()
                .expectBody()
                .returnResult();

        assertThat(problem(result, 404).path("code").asString()).isEqualTo("not-found");
    }

    static Stream<Arguments> unacceptable() {
        return Stream.of("/products", "/balances/7", "/orders?userId=7", "/rankings/products")
                .flatMap(path -> Stream.of("text/html", "application/xml", "image/*", "nonsense")
                        .map(accept -> Arguments.of(path, accept)));
    }

    @ParameterizedTest
    @MethodSource("unacceptable")
    void answersInJsonOnly(String path, String accept) {
        var result = client.get()
                .uri(path)
                .header("Accept", accept)
                .exchange()
                .expectBody()
                .returnResult();

        assertThat(problem(result, 406).path("code").asString()).isEqualTo("not-acceptable");
    }

    static Stream<Arguments> keys() {
        return Stream.of("/payments", "/balances/7/charges").flatMap(path -> Stream.of(
                        "", "a b", "\"\"", "\"a b\"", "é", "k".repeat(256), "\"" + "k".repeat(256) + "\"")
                .map(key -> Arguments.of(path, key)));
    }

    @ParameterizedTest
    @MethodSource("keys")
    void refusesAnIdempotencyKeyThatIsNotVisibleAscii(String path, String key) {
        var result = client.post()
                .uri(path)
                .header("Idempotency-Key", key)
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(goodBody(path))
                .exchange()
                .expectBody()
                .returnResult();

        assertThat(problem(result, 400).path("code").asString()).isEqualTo("idempotency-key-invalid");
    }

    @ParameterizedTest
    @MethodSource("keyedPaths")
    void refusesTwoIdempotencyKeys(String path) {
        var result = client.post()
                .uri(path)
                .header("Idempotency-Key", "one", "two")
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(goodBody(path))
                .exchange()
                .expectBody()
                .returnResult();

        assertThat(problem(result, 400).path("code").asString()).isEqualTo("idempotency-key-invalid");
    }

    static Stream<String> keyedPaths() {
        return Stream.of("/payments", "/balances/7/charges");
    }

    @ParameterizedTest
    @MethodSource("tooManyItems")
    void refusesAnOrderThatIsTooLong(String items) {
        var result = post(
                "/orders",
                MediaType.APPLICATION_JSON,
                ("{\"userId\":7,\"items\":[" + items + "]}").getBytes(StandardCharsets.UTF_8));

        JsonNode problem = problem(result, 400);
        assertThat(problem.path("code").asString()).isEqualTo(INVALID);
    }

    static Stream<String> tooManyItems() {
        String item = "{\"productId\":1,\"quantity\":1}";
        return Stream.of(
                String.join(",", IntStream.range(0, 101).mapToObj(index -> item).toList()),
                "{\"productId\":1,\"quantity\":1000001}");
    }

    private static String goodBody(String path) {
        return TARGETS.stream()
                .filter(target -> target.path().equals(path))
                .findFirst()
                .orElseThrow()
                .good();
    }

    private EntityExchangeResult<byte[]> post(String path, MediaType type, byte[] body) {
        return client.post()
                .uri(path)
                .contentType(type)
                .bodyValue(body)
                .exchange()
                .expectBody()
                .returnResult();
    }

    private static JsonNode problem(EntityExchangeResult<byte[]> result, int status) {
        String body = new String(
                result.getResponseBody() == null ? new byte[0] : result.getResponseBody(), StandardCharsets.UTF_8);
        assertThat(result.getStatus().value()).as(body).isEqualTo(status);
        assertThat(result.getResponseHeaders().getContentType()).as(body).isEqualTo(MediaType.APPLICATION_PROBLEM_JSON);
        assertThat(body).doesNotContain("Exception", "dev.millrace", "java.", "jackson", "springframework", "SELECT");
        JsonNode problem = JsonMapper.shared().readTree(body);
        assertThat(problem.path("status").asInt()).isEqualTo(status);
        assertThat(problem.path("type").asString())
                .isEqualTo("urn:millrace:problem:" + problem.path("code").asString());
        assertThat(problem.path("title").asString()).isNotEmpty();
        assertThat(problem.path("detail").asString()).isNotEmpty();
        assertThat(problem.path("instance").asString()).startsWith("/");
        assertThat(problem.path("traceId").asString()).matches("[0-9a-f]{32}");
        return problem;
    }
}
