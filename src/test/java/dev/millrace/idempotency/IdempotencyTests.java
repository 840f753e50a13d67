package dev.millrace.idempotency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.idempotency.Idempotency.Success;
import dev.millrace.shared.InFlight;
import dev.millrace.shared.InvalidRequest;
import dev.millrace.shared.NotFound;
import dev.millrace.shared.ProblemHandler;
import dev.millrace.shared.Purge;
import dev.millrace.shared.Refusal;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.http.MediaType;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.test.web.reactive.server.WebTestClient.ResponseSpec;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import tools.jackson.databind.json.JsonMapper;

/** A key does its work once and repeats the answer, whoever asks again and whenever. */
@RunningService
class IdempotencyTests {

    private static final Duration IN_FLIGHT_WAIT = Duration.ofMillis(300);

    private final DatabaseClient database;
    private final Ledger ledger;
    private final Idempotency idempotency;
    private final AnswerRepository answers;
    private final TransactionalOperator tx;
    private final Clock clock;
    private final WebTestClient client;
    private final AtomicInteger runs = new AtomicInteger();
    private final AtomicReference<Mono<String>> work = new AtomicReference<>(Mono.just("done"));
    private final String key = UUID.randomUUID().toString();

    IdempotencyTests(
            KeyReader keys,
            AnswerRepository answers,
            TransactionalOperator tx,
            InFlight inFlight,
            ProblemHandler problems,
            JsonMapper json,
            Clock clock,
            DatabaseClient database,
            Ledger ledger) {
        this.database = database;
        this.ledger = ledger;
        this.answers = answers;
        this.tx = tx;
        this.clock = clock;
        IdempotencyProperties hasty =
                new IdempotencyProperties(false, IN_FLIGHT_WAIT, Duration.ofHours(72), Duration.ofMinutes(10));
        this.idempotency = new Idempotency(keys, answers, tx, inFlight, problems, hasty, json, clock);
        this.client = WebTestClient.bindToRouterFunction(RouterFunctions.route()
                        .POST("/things", this::handle)
                        .POST("/others", this::handle)
                        .build())
                .handlerStrategies(
                        HandlerStrategies.builder().exceptionHandler(problems).build())
                .build();
    }

    private static final class Declined extends Refusal {
        Declined(Kind kind, String code) {
            super(kind, code, "It cannot be done.");
        }
    }

    private Mono<ServerResponse> handle(ServerRequest request) {
        return request.bodyToMono(Map.class)
                .flatMap(body -> idempotency.answerOnce(request, body, run(), this::toSuccess));
    }

    private Mono<String> run() {
        return Mono.fromSupplier(runs::incrementAndGet).then(insertMark()).then(Mono.defer(work::get));
    }

    /** A change of the work's own, to see whether it was committed. */
    private Mono<Void> insertMark() {
        return database.sql("INSERT INTO product (name, price) VALUES (:name, 1)")
                .bind("name", key)
                .then();
    }

    private Success toSuccess(String result) {
        return Success.created("/things/7", Map.of("result", result));
    }

    @Test
    void repeatsTheAnswerToTheSameBody() {
        post("{\"a\":1,\"b\":2}").expectStatus().isCreated().expectHeader().doesNotExist("Idempotent-Replayed");
        work.set(Mono.just("something else"));

        ResponseSpec again = post("{ \"a\" : 1, \"b\" : 2 }");

        again.expectStatus().isCreated();
        again.expectHeader().valueEquals("Idempotent-Replayed", "true");
        again.expectHeader().location("/things/7");
        again.expectHeader().contentType(MediaType.APPLICATION_JSON);
        again.expectBody().json("{\"result\":\"done\"}");
        assertThat(runs).hasValue(1);
        assertThat(marks()).isEqualTo(1);
    }

    @Test
    void refusesAnotherBody() {
        post("{\"a\":1}").expectStatus().isCreated();

        ResponseSpec other = post("{\"a\":2}");

        other.expectStatus().isEqualTo(422);
        other.expectHeader().contentType(MediaType.APPLICATION_PROBLEM_JSON);
        other.expectBody().jsonPath("$.code").isEqualTo("idempotency-key-reused");
        post("{\"a\":1}").expectStatus().isCreated();
        assertThat(runs).hasValue(1);
    }

    @Test
    void knowsAKeyOnAnotherPathAsAnotherKey() {
        post("{}").expectStatus().isCreated();

        post("/others", "{}", key).expectStatus().isCreated().expectHeader().doesNotExist("Idempotent-Replayed");

        assertThat(runs).hasValue(2);
    }

    @Test
    void takesAKeyBareOrQuoted() {
        post("{}").expectStatus().isCreated();

        post("/things", "{}", "\"" + key + "\"").expectHeader().valueEquals("Idempotent-Replayed", "true");
    }

    @Test
    void runsEachTimeWithoutAKey() {
        client.post()
                .uri("/things")
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue("{}")
                .exchange();
        client.post()
                .uri("/things")
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue("{}")
                .exchange();

        assertThat(runs).hasValue(2);
    }

    @Test
    void asksForPatienceWhileTheFirstRequestHangs() {
        Sinks.One<String> hanging = Sinks.one();
        work.set(hanging.asMono());
        Disposable first = answerOf("{}").subscribe();
        await().untilAsserted(() -> assertThat(runs).hasValue(1));

        ResponseSpec second = post("{}");

        second.expectStatus().isEqualTo(409);
        second.expectHeader().valueEquals("Retry-After", "1");
        second.expectBody().jsonPath("$.code").isEqualTo("idempotency-in-flight");
        hanging.tryEmitValue("late");
        await().untilAsserted(() -> post("{}").expectStatus().isCreated());
        assertThat(runs).hasValue(1);
        first.dispose();
    }

    @Test
    void waitsForTheAnswerOfAFirstRequestThatIsNearlyDone() {
        work.set(Mono.delay(Duration.ofMillis(60)).thenReturn("soon"));

        Flux.range(0, 10)
                .flatMap(number -> answerOf("{}"), 10)
                .map(response -> response.statusCode().value())
                .collectList()
                .as(StepVerifier::create)
                .assertNext(statuses -> assertThat(statuses).hasSize(10).containsOnly(201))
                .verifyComplete();

        assertThat(runs).hasValue(1);
        assertThat(marks()).isEqualTo(1);
    }

    /** After a charge the same request could succeed; for this key it has been answered. */
    @ParameterizedTest
    @MethodSource("kept")
    void keepsARefusalOfTheBusiness(Refusal.Kind kind, int status) {
        work.set(Mono.error(new Declined(kind, "declined")));
        post("{}").expectStatus().isEqualTo(status);
        work.set(Mono.just("possible now"));

        ResponseSpec again = post("{}");

        again.expectStatus().isEqualTo(status);
        again.expectHeader().valueEquals("Idempotent-Replayed", "true");
        again.expectHeader().contentType(MediaType.APPLICATION_PROBLEM_JSON);
        again.expectBody().jsonPath("$.code").isEqualTo("declined");
        assertThat(runs).hasValue(1);
        assertThat(marks()).isZero();
    }

    static Stream<Arguments> kept() {
        return Stream.of(
                Arguments.of(Refusal.Kind.UNAFFORDABLE, 402),
                Arguments.of(Refusal.Kind.CONFLICT, 409),
                Arguments.of(Refusal.Kind.CONTRADICTION, 422));
    }

    static Stream<Throwable> notKept() {
        return Stream.of(
                InvalidRequest.at("a", "is required"),
                NotFound.of("order", 7),
                new Declined(Refusal.Kind.BUSY, "overloaded"),
                new IllegalStateException("broken"));
    }

    @ParameterizedTest
    @MethodSource("notKept")
    void keepsNothingElse(Throwable error) {
        work.set(Mono.error(error));
        post("{}").expectStatus().value(status -> assertThat(status).isIn(400, 404, 503, 500));
        work.set(Mono.just("possible now"));

        ResponseSpec again = post("{}");

        again.expectStatus().isCreated();
        again.expectHeader().doesNotExist("Idempotent-Replayed");
        assertThat(runs).hasValue(2);
        assertThat(marks()).isEqualTo(1);
    }

    @Test
    void finishesTheWorkOfAClientThatHangsUp() {
        Sinks.One<String> unfinished = Sinks.one();
        work.set(unfinished.asMono());
        Disposable first = answerOf("{}").subscribe();
        await().untilAsserted(() -> assertThat(runs).hasValue(1));

        first.dispose();
        unfinished.tryEmitValue("finished");

        await().untilAsserted(() -> assertThat(marks()).isEqualTo(1));
        ResponseSpec again = post("{}");
        again.expectStatus().isCreated();
        again.expectHeader().valueEquals("Idempotent-Replayed", "true");
        again.expectBody().json("{\"result\":\"finished\"}");
        assertThat(runs).hasValue(1);
    }

    /** Another process answered the key while the work ran here. */
    @Test
    void undoesTheWorkWhoseKeySomebodyElseAnsweredFirst() {
        work.set(answers.insert(new KeyScope("anyone", "POST /things", key), theirs(), clock.instant())
                .as(elsewhere -> Mono.fromFuture(() -> elsewhere.toFuture()))
                .thenReturn("mine"));

        ResponseSpec answer = post("{\"a\":1}");

        answer.expectStatus().isEqualTo(422);
        assertThat(marks()).isZero();
    }

    @Test
    void forgetsAnAnswerAfterItsTime() {
        post("{}").expectStatus().isCreated();
        purgeAfter(Duration.ofHours(71));
        post("{}").expectHeader().valueEquals("Idempotent-Replayed", "true");

        purgeAfter(Duration.ofHours(73));

        post("{}").expectHeader().doesNotExist("Idempotent-Replayed");
        assertThat(runs).hasValue(2);
    }

    private void purgeAfter(Duration time) {
        new Purge(tx, Clock.offset(clock, time))
                .olderThan(Duration.ofHours(72), answers::purge)
                .as(StepVerifier::create)
                .verifyComplete();
    }

    private static StoredAnswer theirs() {
        return new StoredAnswer("another fingerprint", new Answer(201, null, "{\"result\":\"theirs\"}"));
    }

    private long marks() {
        return ledger.count("SELECT COUNT(*) FROM product WHERE name = :id", key);
    }

    private ResponseSpec post(String body) {
        return post("/things", body, key);
    }

    private ResponseSpec post(String path, String body, String withKey) {
        return client.post()
                .uri(path)
                .header(KeyReader.HEADER, withKey)
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(body)
                .exchange();
    }

    /** The answer to a request as the server makes it, for those who do not wait for it or who come together. */
    private Mono<ServerResponse> answerOf(String body) {
        var exchange = MockServerWebExchange.from(MockServerHttpRequest.post("/things")
                .header(KeyReader.HEADER, key)
                .contentType(MediaType.APPLICATION_JSON)
                .body(body));
        return handle(
                ServerRequest.create(exchange, HandlerStrategies.withDefaults().messageReaders()));
    }
}
