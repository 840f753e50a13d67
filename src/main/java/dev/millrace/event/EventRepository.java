package dev.millrace.event;

import static dev.millrace.shared.Rows.column;
import static dev.millrace.shared.Rows.required;

import dev.millrace.transaction.JointStatement;
import io.r2dbc.spi.Parameters;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Mono;

/** The log: events are added, never changed. */
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

    /** No two of one aggregate: they would get the same sequence, and the database refuses that. */
    private static final String APPEND_ALL = """
            INSERT INTO event (id, type, aggregate_id, sequence, occurred_at, payload,
                               correlation_id, causation_id, traceparent, fault_plan)
            SELECT n.id, n.type, n.aggregate,
                   (SELECT COALESCE(MAX(sequence), 0) + 1 FROM event WHERE aggregate_id = n.aggregate),
                   n.at, n.payload, n.correlation, n.causation, n.traceparent, n.faults
              FROM UNNEST(CAST(:ids AS UUID[]), CAST(:types AS VARCHAR[]), CAST(:aggregates AS UUID[]),
                          CAST(:ats AS TIMESTAMPTZ[]), CAST(:payloads AS VARCHAR[]), CAST(:correlations AS UUID[]),
                          CAST(:causations AS UUID[]), CAST(:traceparents AS VARCHAR[]), CAST(:faults AS VARCHAR[]))
                   AS n (id, type, aggregate, at, payload, correlation, causation, traceparent, faults)
            RETURNING id, sequence
            """;

    private static final String APPEND_FIRST = """
            INSERT INTO event (id, type, aggregate_id, sequence, occurred_at, payload, correlation_id)
            VALUES (:id, :type, :aggregate, 1, :at, :payload, :id) ON CONFLICT DO NOTHING
            """;

    private final DatabaseClient database;

    private final JointStatement<NewEvent, Long> append =
            JointStatement.change(this::appendOne).together(NewEvent::id, this::appendAll);

    /** An event that has yet to find its place in the sequence. */
    record NewEvent(UUID id, String type, UUID aggregateId, Instant at, String payload, Cause cause) {

        UUID correlationId() {
            return cause.correlationId() == null ? id : cause.correlationId();
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

    /** Appends the event as the next one of its aggregate; if another came first, the transaction is to be repeated. */
    Mono<StoredEvent> append(NewEvent event) {
        return append.ask(event).map(event::stored);
    }

    private Mono<Long> appendOne(NewEvent event) {
        Cause cause = event.cause();
        return database.sql(APPEND)
                .filter(statement -> statement.returnGeneratedValues("sequence"))
                .bind("id", event.id())
                .bind("type", event.type())
                .bind("aggregate", event.aggregateId())
                .bind("at", event.at())
                .bind("payload", event.payload())
                .bind("correlation", event.correlationId())
                .bind("causation", cause.causationId() == null ? Parameters.in(UUID.class) : cause.causationId())
                .bind("traceparent", cause.traceparent() == null ? Parameters.in(String.class) : cause.traceparent())
                .bind("faults", cause.faultPlan() == null ? Parameters.in(String.class) : cause.faultPlan())
                .map(row -> required(row, "sequence", Long.class))
                .one()
                .onErrorMap(DuplicateKeyException.class, EventRepository::anotherCameFirst);
    }

    private Mono<Map<UUID, Long>> appendAll(List<NewEvent> events) {
        return database.sql(APPEND_ALL)
                .bind("ids", column(events, NewEvent::id, UUID[]::new))
                .bind("types", column(events, NewEvent::type, String[]::new))
                .bind("aggregates", column(events, NewEvent::aggregateId, UUID[]::new))
                .bind("ats", column(events, NewEvent::at, Instant[]::new))
                .bind("payloads", column(events, NewEvent::payload, String[]::new))
                .bind("correlations", column(events, NewEvent::correlationId, UUID[]::new))
                .bind("causations", column(events, event -> event.cause().causationId(), UUID[]::new))
                .bind("traceparents", column(events, event -> event.cause().traceparent(), String[]::new))
                .bind("faults", column(events, event -> event.cause().faultPlan(), String[]::new))
                .map(row -> new Appended(required(row, "id", UUID.class), required(row, "sequence", Long.class)))
                .all()
                .collectMap(Appended::id, Appended::sequence)
                .onErrorMap(DuplicateKeyException.class, EventRepository::anotherCameFirst);
    }

    private record Appended(UUID id, long sequence) {}

    private static Throwable anotherCameFirst(Throwable duplicate) {
        return new ConcurrencyFailureException("Another event came first", duplicate);
    }

    /** Appends the event as the one that its aggregate begins with, unless it is there already. */
    Mono<StoredEvent> appendFirst(UUID id, String type, UUID aggregateId, Instant at, String payload) {
        return database.sql(APPEND_FIRST)
                .bind("id", id)
                .bind("type", type)
                .bind("aggregate", aggregateId)
                .bind("at", at)
                .bind("payload", payload)
                .fetch()
                .rowsUpdated()
                .filter(rows -> rows == 1)
                .map(rows -> new StoredEvent(id, type, aggregateId, 1, at, payload, id, null, null, null));
    }
}
