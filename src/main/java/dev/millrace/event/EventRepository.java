package dev.millrace.event;

import static dev.millrace.shared.Rows.column;
import static dev.millrace.shared.Rows.required;

import dev.millrace.transaction.DeferredChange;
import dev.millrace.transaction.DeferredChange.Part;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import lombok.RequiredArgsConstructor;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.r2dbc.core.DatabaseClient.GenericExecuteSpec;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The log, to which events are added that never change, and what is owed for each of them from the beginning. */
@Repository
@RequiredArgsConstructor
class EventRepository {

    private static final String APPEND = """
            INSERT INTO event (id, type, aggregate_id, sequence, occurred_at, payload,
                               correlation_id, causation_id, traceparent, fault_plan)
            VALUES (:id, :type, :aggregate,
                    (SELECT COALESCE(MAX(sequence), 0) + 1 FROM event WHERE aggregate_id = :aggregate),
                    :at, :payload, :correlation, :causation, :traceparent, :faults)
            """;

    private static final String APPEND_FIRST = """
            INSERT INTO event (id, type, aggregate_id, sequence, occurred_at, payload, correlation_id)
            VALUES (:id, :type, :aggregate, 1, :at, :payload, :correlation) ON CONFLICT DO NOTHING
            """;

    private static final String OWE = """
            INSERT INTO delivery (id, event_id, handler, aggregate_id, sequence, status, attempts, fence,
                                  owner, next_attempt_at, created_at, owed_since)
            VALUES (:id, :event, :handler, :aggregate, :sequence, 'PENDING', :attempts, :fence, :owner, :next, :at, :at)
            """;

    private static final String FIND_EARLIER = """
            SELECT 1 FROM delivery WHERE aggregate_id = :aggregate AND handler = :handler AND sequence < :sequence LIMIT 1
            """;

    /**
     * All that the above do, for many events. An event's place is its number among those of its aggregate that are appended with
     * it. What is said of earlier deliveries is what was there before this statement. Without a join of many with many, for which
     * a plan that expects few would compare each with each.
     */
    private static final String APPEND_ALL = """
            numbered AS MATERIALIZED (
                SELECT n.*,
                       n.place + COALESCE((SELECT MAX(sequence) FROM event WHERE aggregate_id = n.aggregate), 0) AS sequence
                  FROM UNNEST(CAST(:eventIds AS UUID[]), CAST(:eventTypes AS VARCHAR[]), CAST(:aggregates AS UUID[]),
                              CAST(:places AS INTEGER[]), CAST(:eventTimes AS TIMESTAMPTZ[]), CAST(:payloads AS VARCHAR[]),
                              CAST(:correlations AS UUID[]), CAST(:causations AS UUID[]),
                              CAST(:traceparents AS VARCHAR[]), CAST(:faults AS VARCHAR[]))
                       WITH ORDINALITY
                       AS n (id, type, aggregate, place, at, payload, correlation, causation, traceparent, faults, number)),
            added AS (
                INSERT INTO event (id, type, aggregate_id, sequence, occurred_at, payload,
                                   correlation_id, causation_id, traceparent, fault_plan)
                SELECT id, type, aggregate, sequence, at, payload, correlation, causation, traceparent, faults
                  FROM numbered
                RETURNING 1),
            sequences AS (
                SELECT ARRAY_AGG(sequence ORDER BY number) AS by_number FROM numbered),
            owed AS (
                INSERT INTO delivery (id, event_id, handler, aggregate_id, sequence, status, attempts, fence,
                                      owner, next_attempt_at, created_at, owed_since)
                SELECT n.id, (CAST(:eventIds AS UUID[]))[n.event], n.handler, (CAST(:aggregates AS UUID[]))[n.event],
                       sequences.by_number[n.event], 'PENDING', n.attempts, n.fence, n.owner, n.next, n.at, n.at
                  FROM sequences
                 CROSS JOIN UNNEST(CAST(:owedIds AS UUID[]), CAST(:owedEvents AS INTEGER[]), CAST(:owedHandlers AS VARCHAR[]),
                                   CAST(:owedAttempts AS INTEGER[]), CAST(:owedFences AS BIGINT[]),
                                   CAST(:owedOwners AS VARCHAR[]), CAST(:owedNexts AS TIMESTAMPTZ[]),
                                   CAST(:owedSince AS TIMESTAMPTZ[]))
                       AS n (id, event, handler, attempts, fence, owner, next, at)
                RETURNING id,
                          delivery.sequence > 1
                          AND (SELECT earlier.id FROM delivery earlier
                                WHERE earlier.aggregate_id = delivery.aggregate_id
                                  AND earlier.handler = delivery.handler
                                  AND earlier.sequence < delivery.sequence
                                ORDER BY earlier.aggregate_id, earlier.handler, earlier.sequence
                                LIMIT 1) IS NOT NULL AS follows)
            """;

    private static final String APPENDED = """
            (SELECT COUNT(*) FROM added) AS added,
            (SELECT by_number FROM sequences) AS added_sequences,
            (SELECT COUNT(*) FROM owed) AS owed,
            (SELECT ARRAY_AGG(id) FROM owed WHERE follows) AS following
            """;

    private final DatabaseClient database;

    private final DeferredChange<Append> append = DeferredChange.of(this::appendEach, EventRepository::appendAll);

    private record Append(List<NewEvent> events, Consumer<List<Delivery>> recorded) {}

    /** An event that has yet to find its place in the sequence, with what is owed for it. */
    record NewEvent(
            UUID id, String type, UUID aggregateId, Instant at, Payload payload, Cause cause, List<NewDelivery> owed) {

        UUID correlationId() {
            return cause.correlationId() == null ? id : cause.correlationId();
        }

        /** For what is recorded while this event is handled. */
        Cause asCause() {
            return new Cause(correlationId(), id, cause.traceparent(), cause.faultPlan());
        }

        StoredEvent stored(long sequence) {
            return new StoredEvent(
                    id,
                    type,
                    aggregateId,
                    sequence,
                    at,
                    payload,
                    correlationId(),
                    cause.causationId(),
                    cause.traceparent(),
                    cause.faultPlan());
        }
    }

    /**
     * Appends the events as the next ones of their aggregates and says what is owed for them, at the latest before the
     * transaction commits; if another came first, the transaction is to be repeated.
     */
    Mono<Void> append(List<NewEvent> events, Consumer<List<Delivery>> recorded) {
        return append.make(new Append(events, recorded));
    }

    private Mono<Void> appendEach(Append appended) {
        return Flux.fromIterable(appended.events())
                .concatMap(event -> appendOne(event).flatMapMany(stored -> owe(stored, event.owed())))
                .collectList()
                .doOnNext(appended.recorded())
                .then();
    }

    private Mono<StoredEvent> appendOne(NewEvent event) {
        Cause cause = event.cause();
        return bind(database.sql(APPEND), event)
                .filter(statement -> statement.returnGeneratedValues("sequence"))
                .bind("causation", cause.causationId() == null ? Parameters.in(UUID.class) : cause.causationId())
                .bind("traceparent", cause.traceparent() == null ? Parameters.in(String.class) : cause.traceparent())
                .bind("faults", cause.faultPlan() == null ? Parameters.in(String.class) : cause.faultPlan())
                .map(row -> required(row, "sequence", Long.class))
                .one()
                .onErrorMap(DuplicateKeyException.class, EventRepository::anotherCameFirst)
                .map(event::stored);
    }

    private static GenericExecuteSpec bind(GenericExecuteSpec sql, NewEvent event) {
        return sql.bind("id", event.id())
                .bind("type", event.type())
                .bind("aggregate", event.aggregateId())
                .bind("at", event.at())
                .bind("payload", event.payload().json())
                .bind("correlation", event.correlationId());
    }

    private Flux<Delivery> owe(StoredEvent event, List<NewDelivery> owed) {
        return Flux.fromIterable(owed).concatMap(delivery -> oweOne(event, delivery)
                .then(findEarlier(event, delivery).hasElement())
                .map(follows -> delivery.of(event, !follows)));
    }

    private Mono<Void> oweOne(StoredEvent event, NewDelivery delivery) {
        String owner = delivery.owner();
        return database.sql(OWE)
                .bind("id", delivery.id())
                .bind("event", event.id())
                .bind("handler", delivery.handler())
                .bind("aggregate", event.aggregateId())
                .bind("sequence", event.sequence())
                .bind("attempts", delivery.attempts())
                .bind("fence", delivery.fence())
                .bind("owner", owner == null ? Parameters.in(String.class) : owner)
                .bind("next", delivery.next())
                .bind("at", delivery.owedSince())
                .then();
    }

    private Mono<Integer> findEarlier(StoredEvent event, NewDelivery delivery) {
        return event.sequence() == 1
                ? Mono.empty()
                : database.sql(FIND_EARLIER)
                        .bind("aggregate", event.aggregateId())
                        .bind("handler", delivery.handler())
                        .bind("sequence", event.sequence())
                        .map(row -> 1)
                        .one();
    }

    /** An event that is appended with others: its place among those of its aggregate, and its number among all, from 1. */
    private record Placed(NewEvent event, int place, int number) {}

    private record Owed(NewDelivery delivery, int event) {}

    private static Part appendAll(List<Append> appends) {
        List<Placed> placed = place(appends);
        List<Owed> owed = placed.stream()
                .flatMap(row -> row.event().owed().stream().map(delivery -> new Owed(delivery, row.number())))
                .toList();
        return Part.of(APPEND_ALL, APPENDED, row -> tell(appends, Appended.of(row, placed, owed.size())))
                .bind("eventIds", column(placed, row -> row.event().id(), UUID[]::new))
                .bind("eventTypes", column(placed, row -> row.event().type(), String[]::new))
                .bind("aggregates", column(placed, row -> row.event().aggregateId(), UUID[]::new))
                .bind("places", column(placed, Placed::place, Integer[]::new))
                .bind("eventTimes", column(placed, row -> row.event().at(), Instant[]::new))
                .bind("payloads", column(placed, row -> row.event().payload().json(), String[]::new))
                .bind("correlations", column(placed, row -> row.event().correlationId(), UUID[]::new))
                .bind("causations", column(placed, row -> row.event().cause().causationId(), UUID[]::new))
                .bind("traceparents", column(placed, row -> row.event().cause().traceparent(), String[]::new))
                .bind("faults", column(placed, row -> row.event().cause().faultPlan(), String[]::new))
                .bind("owedIds", column(owed, row -> row.delivery().id(), UUID[]::new))
                .bind("owedEvents", column(owed, Owed::event, Integer[]::new))
                .bind("owedHandlers", column(owed, row -> row.delivery().handler(), String[]::new))
                .bind("owedAttempts", column(owed, row -> row.delivery().attempts(), Integer[]::new))
                .bind("owedFences", column(owed, row -> row.delivery().fence(), Long[]::new))
                .bind("owedOwners", column(owed, row -> row.delivery().owner(), String[]::new))
                .bind("owedNexts", column(owed, row -> row.delivery().next(), Instant[]::new))
                .bind("owedSince", column(owed, row -> row.delivery().owedSince(), Instant[]::new));
    }

    private static List<Placed> place(List<Append> appends) {
        Map<UUID, Integer> places = new HashMap<>();
        List<Placed> placed = new ArrayList<>();
        for (Append append : appends) {
            for (NewEvent event : append.events()) {
                placed.add(new Placed(event, places.merge(event.aggregateId(), 1, Integer::sum), placed.size() + 1));
            }
        }
        return placed;
    }

    /** What is stored: the place of each event in its sequence, and which deliveries follow an earlier one. */
    private record Appended(Map<UUID, Long> sequences, Set<UUID> following) {

        static Appended of(Readable row, List<Placed> events, int deliveries) {
            Long[] sequences = required(row, "added_sequences", Long[].class);
            UUID[] following = row.get("following", UUID[].class);
            if (required(row, "added", Long.class) != events.size()
                    || required(row, "owed", Long.class) != deliveries) {
                throw new IllegalStateException("Not all events were appended");
            }
            Map<UUID, Long> byId = new HashMap<>();
            events.forEach(placed -> byId.put(placed.event().id(), sequences[placed.number() - 1]));
            return new Appended(byId, following == null ? Set.of() : Set.of(following));
        }
    }

    /** Of those appended together, too, only the first of an aggregate is its handler's turn. */
    private static void tell(List<Append> appends, Appended appended) {
        record Turn(UUID aggregateId, String handler) {}
        Set<Turn> taken = new HashSet<>();
        for (Append append : appends) {
            List<Delivery> deliveries = new ArrayList<>();
            for (NewEvent event : append.events()) {
                StoredEvent stored =
                        event.stored(Objects.requireNonNull(appended.sequences().get(event.id())));
                for (NewDelivery owed : event.owed()) {
                    boolean isFirst = taken.add(new Turn(event.aggregateId(), owed.handler()));
                    deliveries.add(
                            owed.of(stored, isFirst && !appended.following().contains(owed.id())));
                }
            }
            append.recorded().accept(deliveries);
        }
    }

    private static Throwable anotherCameFirst(Throwable duplicate) {
        return new ConcurrencyFailureException("Another event came first", duplicate);
    }

    /** Appends the event as the one that its aggregate begins with, unless it is there already; empty if it is. */
    Mono<List<Delivery>> appendFirst(NewEvent event) {
        return bind(database.sql(APPEND_FIRST), event)
                .fetch()
                .rowsUpdated()
                .filter(rows -> rows == 1)
                .flatMap(rows -> owe(event.stored(1), event.owed()).collectList());
    }
}
