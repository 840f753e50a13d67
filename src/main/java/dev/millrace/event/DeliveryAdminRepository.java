package dev.millrace.event;

import static dev.millrace.shared.Rows.required;

import dev.millrace.shared.PageRequest;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Deliveries as operators look for them, and what they may change: only ever those that are dead, which no worker touches.
 */
@Repository
@RequiredArgsConstructor
class DeliveryAdminRepository {

    /** A dead delivery to be sent on its way, with the attempts it has had. */
    record Dead(UUID id, int attempts) {}

    private static final String COLUMNS = """
            SELECT d.id, d.handler, d.event_id, e.type, d.aggregate_id, d.status, d.attempts,
                   d.next_attempt_at, d.last_error, d.created_at
              FROM delivery d JOIN event e ON e.id = d.event_id
            """;

    private static final String FIND = COLUMNS + " WHERE d.id = :id";

    private static final String FIND_PAYLOAD = """
            SELECT e.payload FROM delivery d JOIN event e ON e.id = d.event_id WHERE d.id = :id
            """;

    /** The primary key has the order; on PostgreSQL, for any status but PENDING, so has the index of that status. */
    private static final String LIST = COLUMNS + " WHERE d.id < :before AND %s ORDER BY d.id DESC LIMIT :rows";

    private static final String GROUP = """
            SELECT d.handler, e.type, d.last_error,
                   COUNT(*) AS deliveries, MIN(d.created_at) AS oldest, MAX(d.created_at) AS newest
              FROM delivery d JOIN event e ON e.id = d.event_id
             WHERE %s
             GROUP BY d.handler, e.type, d.last_error
             ORDER BY deliveries DESC, d.handler, e.type, d.last_error
             LIMIT :rows
            """;

    private static final String COUNT =
            "SELECT COUNT(*) AS deliveries FROM delivery d JOIN event e ON e.id = d.event_id WHERE %s";

    private static final String COUNT_BY_STATUS = "SELECT status, COUNT(*) AS deliveries FROM delivery GROUP BY status";

    private static final String FIND_BATCH = """
            SELECT d.id, d.attempts FROM delivery d JOIN event e ON e.id = d.event_id
             WHERE d.id > :after AND %s
             ORDER BY d.id
             LIMIT :rows
            """;

    private static final String REDRIVE = """
            UPDATE delivery SET status = 'RETRY', attempts = 0, fence = fence + 1, owner = NULL,
                                next_attempt_at = :now, owed_since = :now
             WHERE id = ANY(:ids) AND status = 'DEAD'
            """;

    private static final String DISCARD = "DELETE FROM delivery WHERE id = :id AND status = 'DEAD'";

    private final DatabaseClient database;

    Mono<OwedDelivery> find(UUID id) {
        return database.sql(FIND)
                .bind("id", id)
                .map(DeliveryAdminRepository::toOwedDelivery)
                .one();
    }

    /** The event of the delivery, as it is stored. */
    Mono<String> findPayload(UUID id) {
        return database.sql(FIND_PAYLOAD)
                .bind("id", id)
                .map(row -> required(row, "payload", String.class))
                .one();
    }

    Flux<OwedDelivery> list(DeliveryFilter filter, PageRequest page) {
        return filter.bindTo(database.sql(LIST.formatted(filter.conditions())))
                .bind("before", page.beforeUuid())
                .bind("rows", page.rowsToRead())
                .map(DeliveryAdminRepository::toOwedDelivery)
                .all();
    }

    /** The largest groups, so many of them at most. */
    Flux<DeliveryGroup> group(DeliveryFilter filter, int limit) {
        return filter.bindTo(database.sql(GROUP.formatted(filter.conditions())))
                .bind("rows", limit)
                .map(DeliveryAdminRepository::toGroup)
                .all();
    }

    Mono<Long> count(DeliveryFilter filter) {
        return filter.bindTo(database.sql(COUNT.formatted(filter.conditions())))
                .map(row -> required(row, "deliveries", Long.class))
                .one();
    }

    /** How many are owed; a status that none has is missing. */
    Mono<Map<DeliveryStatus, Long>> countByStatus() {
        return database.sql(COUNT_BY_STATUS)
                .map(row -> Map.entry(statusOf(row), required(row, "deliveries", Long.class)))
                .all()
                .collectMap(Map.Entry::getKey, Map.Entry::getValue);
    }

    /** The next ones after that id, in the order of their ids. */
    Mono<List<Dead>> findBatch(DeliveryFilter filter, UUID after, int limit) {
        return filter.bindTo(database.sql(FIND_BATCH.formatted(filter.conditions())))
                .bind("after", after)
                .bind("rows", limit)
                .map(row -> new Dead(required(row, "id", UUID.class), required(row, "attempts", Integer.class)))
                .all()
                .collectList();
    }

    /** Makes those that are dead due now, as if they had never been tried; returns their ids. */
    Flux<UUID> redrive(List<UUID> ids, Instant now) {
        return database.sql(REDRIVE)
                .filter(statement -> statement.returnGeneratedValues("id"))
                .bind("ids", ids.toArray(UUID[]::new))
                .bind("now", now)
                .map(row -> required(row, "id", UUID.class))
                .all();
    }

    /** Forgets the delivery; false if it is not dead. */
    Mono<Boolean> discard(UUID id) {
        return database.sql(DISCARD).bind("id", id).fetch().rowsUpdated().map(rows -> rows == 1);
    }

    private static OwedDelivery toOwedDelivery(Readable row) {
        return new OwedDelivery(
                required(row, "id", UUID.class),
                required(row, "handler", String.class),
                required(row, "event_id", UUID.class),
                required(row, "type", String.class),
                required(row, "aggregate_id", UUID.class),
                statusOf(row),
                required(row, "attempts", Integer.class),
                row.get("next_attempt_at", Instant.class),
                row.get("last_error", String.class),
                required(row, "created_at", Instant.class));
    }

    private static DeliveryGroup toGroup(Readable row) {
        return new DeliveryGroup(
                required(row, "handler", String.class),
                required(row, "type", String.class),
                row.get("last_error", String.class),
                required(row, "deliveries", Long.class),
                required(row, "oldest", Instant.class),
                required(row, "newest", Instant.class));
    }

    private static DeliveryStatus statusOf(Readable row) {
        return DeliveryStatus.valueOf(required(row, "status", String.class));
    }
}
