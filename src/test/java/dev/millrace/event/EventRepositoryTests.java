package dev.millrace.event;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.event.EventRepository.NewEvent;
import dev.millrace.harness.RunningService;
import dev.millrace.transaction.Lane;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Events are appended in the same way whether they come alone or together with those of others. */
@RunningService
@RequiredArgsConstructor
class EventRepositoryTests {

    private static final String NOBODY = "nobody";

    private final EventRepository events;
    private final TransactionalOperator tx;
    private final DatabaseClient database;
    private final NoArgGenerator uuids = Generators.timeBasedEpochGenerator();
    private final AtomicInteger attempts = new AtomicInteger();
    private final Instant moment = Instant.now().truncatedTo(ChronoUnit.MICROS);

    /** What becomes of one delivery. */
    private record Owed(String handler, long sequence, int attempts, long fence, String owner, Instant next) {}

    /** What one of those who append gets, and what is stored. */
    private record Result(List<Owed> answered, List<Boolean> inTurn, List<Owed> stored, List<Long> sequences) {}

    @Test
    void appendsAloneAsTogether() {
        List<UUID> alone = Stream.generate(uuids::generate).limit(5).toList();
        List<UUID> together = Stream.generate(uuids::generate).limit(5).toList();

        List<Result> one = appendAlone(questions(alone));
        List<Result> many = appendTogether(questions(together));

        assertThat(many).isEqualTo(one);
        assertThat(one)
                .extracting(Result::inTurn)
                .containsExactly(
                        List.of(true, true),
                        List.of(true, true, false),
                        List.of(false, true),
                        List.of(),
                        List.of(true));
        assertThat(one)
                .extracting(Result::sequences)
                .containsExactly(List.of(1L), List.of(1L, 2L), List.of(1L, 2L), List.of(1L), List.of(1L, 2L));
    }

    /** New; two in a row; one that follows what is owed; one that nobody is owed; one that follows what is not. */
    private List<List<NewEvent>> questions(List<UUID> aggregates) {
        appendAlone(List.of(List.of(event(aggregates.get(2), "a")), List.of(event(aggregates.get(4)))));
        return List.of(
                List.of(event(aggregates.get(0), "a", "b")),
                List.of(event(aggregates.get(1), "a"), event(aggregates.get(1), "b", "a")),
                List.of(event(aggregates.get(2), "a", "b")),
                List.of(event(aggregates.get(3))),
                List.of(event(aggregates.get(4), "a")));
    }

    private NewEvent event(UUID aggregate, String... handlers) {
        List<NewDelivery> owed = Stream.of(handlers)
                .map(handler -> handler.equals("a")
                        ? new NewDelivery(uuids.generate(), name(handler), 1, NOBODY, moment, moment.plusSeconds(30))
                        : NewDelivery.due(uuids.generate(), name(handler), moment, moment.plusSeconds(3600)))
                .toList();
        return new NewEvent(
                uuids.generate(), "test.happened.v1", aggregate, moment, Payload.of("{}"), Cause.NONE, owed);
    }

    private static String name(String handler) {
        return "test-of-appending-" + handler;
    }

    private List<Result> appendAlone(List<List<NewEvent>> questions) {
        return questions.stream()
                .map(question -> result(question, now(append(question).as(tx::transactional))))
                .toList();
    }

    /** The first holds the lane until all others are in it. */
    private List<Result> appendTogether(List<List<NewEvent>> questions) {
        Sinks.Empty<Void> gate = Sinks.empty();
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Void> holding =
                inLane("holder", gate.asMono().doFirst(begun::countDown)).toFuture();
        await().until(() -> begun.getCount() == 0);
        List<CompletableFuture<List<Delivery>>> appending = questions.stream()
                .map(question ->
                        inLane(question.get(0).aggregateId(), append(question)).toFuture())
                .toList();
        gate.tryEmitEmpty();
        holding.join();
        List<List<Delivery>> answers =
                appending.stream().map(CompletableFuture::join).toList();
        assertThat(attempts).as("nothing was done again one by one").hasValue(1 + answers.size());
        return Stream.iterate(0, i -> i + 1)
                .limit(questions.size())
                .map(i -> result(questions.get(i), answers.get(i)))
                .toList();
    }

    /** What is owed is known when all is committed. */
    private Mono<List<Delivery>> append(List<NewEvent> question) {
        List<Delivery> owed = new CopyOnWriteArrayList<>();
        return events.append(question, owed::addAll).thenReturn(owed);
    }

    private <T> Mono<T> inLane(Object subject, Mono<T> work) {
        return work.doFirst(attempts::incrementAndGet)
                .as(tx::transactional)
                .contextWrite(Lane.of("test of appending", subject).joined());
    }

    private Result result(List<NewEvent> question, List<Delivery> answer) {
        UUID aggregate = question.get(0).aggregateId();
        assertThat(answer)
                .extracting(Delivery::id)
                .containsExactlyElementsOf(question.stream()
                        .flatMap(event -> event.owed().stream())
                        .map(NewDelivery::id)
                        .toList());
        return new Result(
                answer.stream().map(this::toOwed).toList(),
                answer.stream().map(Delivery::inTurn).toList(),
                stored(aggregate),
                sequences(aggregate));
    }

    private Owed toOwed(Delivery delivery) {
        return new Owed(
                delivery.handler(),
                delivery.event().sequence(),
                delivery.attempts(),
                delivery.fence(),
                "",
                delivery.leaseEnd());
    }

    private List<Owed> stored(UUID aggregate) {
        return now(database.sql("SELECT * FROM delivery WHERE aggregate_id = :id ORDER BY sequence, handler")
                .bind("id", aggregate)
                .map(row -> new Owed(
                        row.get("handler", String.class),
                        row.get("sequence", Long.class),
                        row.get("attempts", Integer.class),
                        row.get("fence", Long.class),
                        row.get("owner", String.class),
                        row.get("next_attempt_at", Instant.class)))
                .all()
                .collectList());
    }

    private List<Long> sequences(UUID aggregate) {
        return now(database.sql("SELECT sequence FROM event WHERE aggregate_id = :id ORDER BY sequence")
                .bind("id", aggregate)
                .map(row -> row.get("sequence", Long.class))
                .all()
                .collectList());
    }
}
