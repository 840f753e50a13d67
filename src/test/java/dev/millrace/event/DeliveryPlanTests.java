package dev.millrace.event;

import static dev.millrace.harness.Shop.now;
import static dev.millrace.shared.Rows.required;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.EventRepository.NewEvent;
import dev.millrace.harness.RunningService;
import dev.millrace.transaction.Lane;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/**
 * Whoever handles deliveries reads those and not the whole queue, also while PostgreSQL still believes the queue to be empty,
 * as it was when it last looked. Otherwise a queue that has grown is the slower to become shorter.
 */
@RunningService
@Tag("postgresql")
@RequiredArgsConstructor
class DeliveryPlanTests {

    private static final String OWNER = "test of plans";
    private static final int QUEUED = 5_000;
    private static final int HANDLED = 40;

    /** Its own row, and that of the head of its line, with room for what the service itself looks for meanwhile. */
    private static final long READ_FOR_EACH = 6;

    private static final String ENQUEUE = """
            INSERT INTO delivery (id, event_id, handler, aggregate_id, sequence, status, attempts, fence,
                                  owner, next_attempt_at, created_at, owed_since)
            SELECT GEN_RANDOM_UUID(), GEN_RANDOM_UUID(), :handler, GEN_RANDOM_UUID(), 1, 'PENDING', 1, 1,
                   :owner, NOW() + INTERVAL '1 hour', NOW(), NOW()
              FROM GENERATE_SERIES(1, :rows)
            """;

    private static final String HAPPEN = """
            WITH happened AS (
                INSERT INTO event (id, type, aggregate_id, sequence, occurred_at, payload, correlation_id)
                SELECT GEN_RANDOM_UUID(), 'test.happened.v1', GEN_RANDOM_UUID(), 1, NOW(), '{}', GEN_RANDOM_UUID()
                  FROM GENERATE_SERIES(1, 5000)
                RETURNING id, aggregate_id)
            INSERT INTO delivery (id, event_id, handler, aggregate_id, sequence, status, attempts, fence,
                                  next_attempt_at, created_at, owed_since)
            SELECT GEN_RANDOM_UUID(), id, 'confirm', aggregate_id, 1, 'PENDING', 0, 0,
                   NOW() - RANDOM() * INTERVAL '1 hour', NOW(), NOW()
              FROM happened
            """;

    private static final String FIND =
            "SELECT id, event_id, handler, aggregate_id FROM delivery WHERE owner = :owner LIMIT :rows";

    /** By the session; what it has not told the others yet is in there. */
    private static final String READ =
            "SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_xact_user_tables WHERE relname = 'delivery'";

    private final DeliveryRepository deliveries;
    private final DeliveryQueue queue;
    private final EventRepository events;
    private final TransactionalOperator tx;
    private final DatabaseClient database;

    @BeforeEach
    void haveTheQueueTakenForEmpty() {
        enqueue("confirm", 4 * QUEUED);
        now(execute("ANALYZE delivery").thenReturn(true));
        emptyIt();
        now(execute("VACUUM (ANALYZE, TRUNCATE FALSE) delivery").thenReturn(true));
    }

    @AfterEach
    void emptyIt() {
        now(database.sql("DELETE FROM delivery WHERE owner = :owner")
                .bind("owner", OWNER)
                .then()
                .thenReturn(true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"confirm", "export"})
    void acknowledges(String handler) {
        enqueue(handler, QUEUED);

        assertThat(readsOfAll(handler, deliveries::acknowledge)).isBetween((long) HANDLED, HANDLED * READ_FOR_EACH);
    }

    @ParameterizedTest
    @ValueSource(strings = {"confirm", "export"})
    void asksWhetherHeld(String handler) {
        enqueue(handler, QUEUED);

        assertThat(readsOfAll(handler, delivery -> deliveries.isHeld(delivery).then()))
                .isBetween((long) HANDLED, HANDLED * READ_FOR_EACH);
    }

    @Test
    void findsOutWhoseTurnItIs() {
        enqueue("ranking", QUEUED);

        assertThat(readsOfAll("ranking", delivery -> events.append(followersOf(delivery), owed -> {})))
                .isBetween((long) HANDLED, HANDLED * READ_FOR_EACH);
    }

    /** Of many that are due, too, and known to be so; seen by nobody else. */
    @Test
    void findsWhatIsDue() {
        Mono<Long> reads = execute(HAPPEN)
                .then(execute("ANALYZE delivery"))
                .then(execute("ANALYZE event"))
                .then(countReads(
                        queue.findDue("confirm", HANDLED, Instant.now()).then()));

        assertThatThoseAreFewAndUndo(reads);
    }

    @Test
    void takesInWhatHasArrived() {
        enqueue("confirm", QUEUED);
        List<StoredEvent> arrived =
                find("confirm").stream().map(Delivery::event).toList();
        List<UUID> aggregates = arrived.stream().map(StoredEvent::aggregateId).toList();
        List<UUID> ids = arrived.stream().map(StoredEvent::id).toList();

        assertThatThoseAreFewAndUndo(countReads(
                queue.arrive("confirm", aggregates, ids, OWNER, Instant.now()).then()));
    }

    private void assertThatThoseAreFewAndUndo(Mono<Long> reads) {
        reads.flatMap(count -> Mono.<Long>error(new Undone(count)))
                .as(tx::transactional)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(
                        error -> assertThat(((Undone) error).reads).isBetween((long) HANDLED, HANDLED * READ_FOR_EACH));
    }

    private static final class Undone extends RuntimeException {

        private final long reads;

        Undone(long reads) {
            super("for the transaction to be rolled back");
            this.reads = reads;
        }
    }

    private Mono<Void> execute(String sql) {
        return database.sql(sql).then();
    }

    private interface Handling {

        Mono<Void> of(Delivery delivery);
    }

    /** How many rows of the queue one transaction reads in which so many deliveries are handled. */
    private long readsOfAll(String handler, Handling handling) {
        List<Delivery> handled = find(handler);
        Sinks.Empty<Void> gate = Sinks.empty();
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Void> holding =
                inLane("holder", gate.asMono().doFirst(begun::countDown)).toFuture();
        await().until(() -> begun.getCount() == 0);
        List<CompletableFuture<Long>> reads = handled.stream()
                .map(delivery ->
                        inLane(delivery.id(), countReads(handling.of(delivery))).toFuture())
                .toList();
        gate.tryEmitEmpty();
        holding.join();
        return reads.stream().mapToLong(CompletableFuture::join).max().orElseThrow();
    }

    private Mono<Long> countReads(Mono<Void> handling) {
        Mono<Long> count =
                database.sql(READ).map(row -> required(row, "read", Long.class)).one();
        return count.flatMap(before -> handling.then(count).map(after -> after - before));
    }

    private <T> Mono<T> inLane(Object subject, Mono<T> work) {
        return work.as(tx::transactional)
                .contextWrite(Lane.of("test of plans", subject).joined());
    }

    private void enqueue(String handler, int rows) {
        now(database.sql(ENQUEUE)
                .bind("handler", handler)
                .bind("owner", OWNER)
                .bind("rows", rows)
                .then()
                .thenReturn(true));
    }

    private List<Delivery> find(String handler) {
        return now(database.sql(FIND)
                .bind("owner", OWNER)
                .bind("rows", HANDLED)
                .map(row -> new Delivery(
                        required(row, "id", UUID.class),
                        handler,
                        1,
                        1,
                        Instant.EPOCH,
                        event(required(row, "event_id", UUID.class), required(row, "aggregate_id", UUID.class)),
                        true,
                        Instant.MAX))
                .all()
                .collectList());
    }

    /** Only the second one is after what is owed. */
    private static List<NewEvent> followersOf(Delivery delivery) {
        NewDelivery owed = new NewDelivery(
                UUID.randomUUID(),
                delivery.handler(),
                1,
                OWNER,
                Instant.EPOCH,
                Instant.now().plusSeconds(3600));
        return List.of(follower(delivery), follower(delivery, owed));
    }

    private static NewEvent follower(Delivery delivery, NewDelivery... owed) {
        UUID aggregate = delivery.event().aggregateId();
        return new NewEvent(
                UUID.randomUUID(),
                "test.happened.v1",
                aggregate,
                Instant.EPOCH,
                Payload.of("{}"),
                Cause.NONE,
                List.of(owed));
    }

    private static StoredEvent event(UUID id, UUID aggregate) {
        return new StoredEvent(
                id, "test.happened.v1", aggregate, 1, Instant.EPOCH, Payload.of("{}"), id, null, null, null);
    }
}
