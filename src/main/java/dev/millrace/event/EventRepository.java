package dev.millrace.event;

import io.r2dbc.spi.Parameters;
import java.time.Instant;
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

    private static final String APPEND_FIRST = """
            INSERT INTO event (id, type, aggregate_id, sequence, occurred_at, payload, correlation_id)
            VALUES (:id, :type, :aggregate, 1, :at, :payload, :id) ON CONFLICT DO NOTHING
            """;

    private final DatabaseClient database;

    /** Appends the event as the next one of its aggregate; if another came first, the transaction is to be repeated. */
    Mono<StoredEvent> append(UUID id, String type, UUID aggregateId, Instant at, String payload, Cause cause) {
        UUID correlationId = cause.correlationId() == null ? id : cause.correlationId();
        return database.sql(APPEND)
                .filter(statement -> statement.returnGeneratedValues("sequence"))
                .bind("id", id)
                .bind("type", type)
                .bind("aggregate", aggregateId)
                .bind("at", at)
                .bind("payload", payload)
                .bind("correlation", correlationId)
                .bind("causation", cause.causationId() == null ? Parameters.in(UUID.class) : cause.causationId())
                .bind("traceparent", cause.traceparent() == null ? Parameters.in(String.class) : cause.traceparent())
                .bind("faults", cause.faultPlan() == null ? Parameters.in(String.class) : cause.faultPlan())
                .map(row -> row.get("sequence", Long.class))
                .one()
                .onErrorMap(
                        DuplicateKeyException.class,
                        e -> new ConcurrencyFailureException("Another event came first", e))
                .map(sequence -> new StoredEvent(
                        id,
                        type,
                        aggregateId,
                        sequence,
                        at,
                        payload,
                        correlationId,
                        cause.causationId(),
                        cause.traceparent(),
                        cause.faultPlan()));
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
