package dev.millrace.idempotency;

import dev.millrace.idempotency.AnswerRepository.KeyTaken;
import dev.millrace.shared.InFlight;
import dev.millrace.shared.Problem;
import dev.millrace.shared.ProblemHandler;
import dev.millrace.shared.Refusal;
import java.net.URI;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import tools.jackson.databind.json.JsonMapper;

/**
 * Answers a request that moves money once, and repeats the answer word for word to whoever sends the same key again.
 *
 * <p>Promised: the work and the stored answer commit in one transaction, so that a key never does its work twice, whatever
 * dies in between; work once begun is finished, even if the client hangs up. A refusal of the business (402, 409, 422) rolls
 * the work back and is then stored by itself. Other errors are not stored: the key may be tried again.
 *
 * @see <a href="https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/">The Idempotency-Key header</a>
 */
@Service
@RequiredArgsConstructor
public class Idempotency {

    private static final String REPLAYED = "Idempotent-Replayed";

    private final KeyReader keys;
    private final AnswerRepository answers;
    private final TransactionalOperator tx;
    private final InFlight inFlight;
    private final ProblemHandler problems;
    private final IdempotencyProperties properties;
    private final JsonMapper json;
    private final Clock clock;

    /** What runs in this process, so that a repetition waits here and not on a database connection. */
    private final Map<KeyScope, Sinks.Empty<Void>> running = new ConcurrentHashMap<>();

    /** The answer to a success: its status, where the new thing is found, and the body. */
    public record Success(int status, @Nullable String location, Object body) {

        public static Success ok(Object body) {
            return new Success(200, null, body);
        }

        public static Success created(@Nullable String location, Object body) {
            return new Success(201, location, body);
        }
    }

    /** A request with a key: what it asks for, and until when it may wait for an earlier one. */
    private record Keyed(
            KeyScope scope, String fingerprint, Mono<Answer> work, ServerRequest request, Instant patience) {}

    /**
     * Runs the work and answers with its success.
     *
     * @param body the request's body as parsed; two bodies are the same if they are equal as JSON
     */
    public <T> Mono<ServerResponse> answerOnce(
            ServerRequest request, Object body, Mono<T> work, Function<T, Success> toSuccess) {
        Mono<Answer> answer = work.map(toSuccess).map(this::toAnswer);
        return Mono.fromSupplier(() -> keys.read(request))
                .flatMap(scope -> scope.map(key -> runOrWait(keyed(key, body, answer, request)))
                        .orElseGet(() -> answer.flatMap(first -> respond(first, false))));
    }

    private Keyed keyed(KeyScope scope, Object body, Mono<Answer> work, ServerRequest request) {
        return new Keyed(
                scope, fingerprint(body), work, request, clock.instant().plus(properties.inFlightWait()));
    }

    private Mono<ServerResponse> runOrWait(Keyed keyed) {
        Sinks.Empty<Void> mine = Sinks.empty();
        Sinks.Empty<Void> first = running.putIfAbsent(keyed.scope(), mine);
        if (first != null) {
            return awaitFirst(first, keyed).then(Mono.defer(() -> runOrWait(keyed)));
        }
        return run(keyed)
                .doFinally(signal -> {
                    running.remove(keyed.scope());
                    mine.tryEmitEmpty();
                })
                .as(inFlight::shield);
    }

    private Mono<Void> awaitFirst(Sinks.Empty<Void> first, Keyed keyed) {
        return first.asMono()
                .timeout(Duration.between(clock.instant(), keyed.patience()))
                .onErrorMap(TimeoutException.class, e -> IdempotencyRefused.inFlight());
    }

    /**
     * Looks for the answer and does the work in one transaction: once that has ended, the answer is on disk, be it the first one
     * or repeated.
     */
    private Mono<ServerResponse> run(Keyed keyed) {
        return replay(keyed)
                .switchIfEmpty(Mono.defer(() -> workAndStore(keyed)))
                .as(tx::transactional)
                .onErrorResume(Refusal.class, refusal -> keepRefusal(keyed, refusal))
                .onErrorResume(KeyTaken.class, taken -> replay(keyed).as(tx::transactional));
    }

    private Mono<ServerResponse> workAndStore(Keyed keyed) {
        return keyed.work().delayUntil(answer -> store(keyed, answer)).flatMap(answer -> respond(answer, false));
    }

    /** The work is rolled back by now; unless somebody else's answer came first, the refusal becomes the key's answer. */
    private Mono<ServerResponse> keepRefusal(Keyed keyed, Refusal refusal) {
        Problem problem = problems.describe(keyed.request().exchange(), refusal);
        if (!Answer.isKept(problem)) {
            return Mono.error(refusal);
        }
        Answer answer = new Answer(problem.status(), null, json.writeValueAsString(problem));
        return store(keyed, answer).as(tx::transactional).then(respond(answer, false));
    }

    private Mono<Void> store(Keyed keyed, Answer answer) {
        return answers.insert(keyed.scope(), new StoredAnswer(keyed.fingerprint(), answer), clock.instant());
    }

    private Mono<ServerResponse> replay(Keyed keyed) {
        return answers.find(keyed.scope())
                .flatMap(stored -> stored.fingerprint().equals(keyed.fingerprint())
                        ? respond(stored.answer(), true)
                        : Mono.error(IdempotencyRefused.keyReused()));
    }

    private Answer toAnswer(Success success) {
        return new Answer(success.status(), success.location(), json.writeValueAsString(success.body()));
    }

    private static Mono<ServerResponse> respond(Answer answer, boolean replayed) {
        ServerResponse.BodyBuilder response = ServerResponse.status(answer.status())
                .contentType(answer.isProblem() ? MediaType.APPLICATION_PROBLEM_JSON : MediaType.APPLICATION_JSON);
        if (answer.location() != null) {
            response.location(URI.create(answer.location()));
        }
        if (replayed) {
            response.header(REPLAYED, "true");
        }
        return response.bodyValue(answer.body());
    }

    private String fingerprint(Object body) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(json.writeValueAsBytes(body));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
