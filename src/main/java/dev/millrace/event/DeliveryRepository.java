package dev.millrace.event;

import static dev.millrace.shared.Rows.required;

import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.r2dbc.core.DatabaseClient.GenericExecuteSpec;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Mono;

/**
 * What is still owed: one row for each event and handler, deleted when it has been handled. The number of rows is the lag.
 *
 * <p>{@code next_attempt_at} is when a delivery may be taken by anybody: the end of the lease while somebody has it, the end
 * of the back-off after a failure. {@code owner} is set only during a lease.
 */
@Repository
@RequiredArgsConstructor
class DeliveryRepository {

    private static final String INSERT = """
            INSERT INTO delivery (id, event_id, handler, aggregate_id, sequence, status, attempts, fence,
                                  owner, next_attempt_at, created_at, owed_since)
            VALUES (:id, :event, :handler, :aggregate, :sequence, 'PENDING', :attempts, 1, :owner, :next, :now, :now)
            """;

    /** Nothing earlier of the same aggregate is owed to the same handler. */
    private static final String NOTHING_EARLIER = """
            NOT EXISTS (SELECT 1 FROM delivery earlier
                         WHERE earlier.aggregate_id = delivery.aggregate_id
                           AND earlier.handler = delivery.handler
                           AND earlier.sequence < delivery.sequence%s)
            """;

    private static final String DEAD_HOLD_BACK = NOTHING_EARLIER.formatted("");
    private static final String DEAD_ARE_PASSED = NOTHING_EARLIER.formatted(" AND earlier.status <> 'DEAD'");

    private static final String IS_HELD = "SELECT 1 FROM delivery WHERE id = :id AND fence = :fence AND %s";

    private static final String ACKNOWLEDGE = "DELETE FROM delivery WHERE id = :id AND fence = :fence AND %s";

    private static final String POSTPONE = """
            UPDATE delivery SET status = 'RETRY', owner = NULL, next_attempt_at = :next, last_error = :error
             WHERE id = :id AND fence = :fence
            """;

    private static final String BURY = """
            UPDATE delivery SET status = 'DEAD', owner = NULL, next_attempt_at = NULL, last_error = :error
             WHERE id = :id AND fence = :fence
            """;

    private static final String RELEASE = """
            UPDATE delivery SET owner = NULL, next_attempt_at = :next, attempts = attempts - 1
             WHERE id = :id AND fence = :fence
            """;

    /** Ordered by all of the index: or H2 looks at everything that is due, again for each row it takes. */
    private static final String CLAIM = """
            UPDATE delivery SET owner = :owner, next_attempt_at = :lease, attempts = attempts + 1, fence = fence + 1
             WHERE next_attempt_at <= :now
               AND id IN (SELECT id FROM delivery
                           WHERE handler = :handler AND next_attempt_at <= :now AND %s
                           ORDER BY handler, next_attempt_at
                           LIMIT :limit)
            """;

    private static final String FIND_CLAIMED = """
            SELECT d.id AS delivery_id, d.handler, d.attempts, d.fence, d.owed_since, e.*
              FROM delivery d JOIN event e ON e.id = d.event_id
             WHERE d.id = ANY(:ids) AND d.owner = :owner
             ORDER BY e.occurred_at, e.sequence
            """;

    private static final String WAKE = """
            UPDATE delivery SET next_attempt_at = :now
             WHERE handler = :handler AND status = 'RETRY' AND owner IS NULL AND next_attempt_at > :now
            """;

    private static final String RENEW =
            "UPDATE delivery SET next_attempt_at = :lease WHERE id = ANY(:ids) AND owner = :owner";

    private static final String TAKE_BACK =
            "UPDATE delivery SET owner = NULL, next_attempt_at = :now WHERE owner = :owner AND created_at < :now";

    private static final String HAND_BACK = """
            UPDATE delivery SET owner = NULL, next_attempt_at = :now, attempts = attempts - 1
             WHERE owner = :owner
            """;

    private final DatabaseClient database;
    private final BusProperties properties;

    /** Owes the delivery; leased until then if there is an owner, and due then if not. */
    Mono<Void> insert(Delivery delivery, @Nullable String owner, Instant next) {
        return database.sql(INSERT)
                .bind("id", delivery.id())
                .bind("event", delivery.event().id())
                .bind("handler", delivery.handler())
                .bind("aggregate", delivery.event().aggregateId())
                .bind("sequence", delivery.event().sequence())
                .bind("attempts", delivery.attempts())
                .bind("owner", owner == null ? Parameters.in(String.class) : owner)
                .bind("next", next)
                .bind("now", delivery.owedSince())
                .then();
    }

    /** Whether the delivery is still ours and nothing earlier is owed. */
    Mono<Boolean> isHeld(Delivery delivery) {
        return bind(inOrder(IS_HELD, delivery.handler()), delivery)
                .map(row -> true)
                .one()
                .defaultIfEmpty(false);
    }

    /** Deletes the delivery; false if it is no longer ours, or if something earlier is owed. */
    Mono<Boolean> acknowledge(Delivery delivery) {
        return changesOne(bind(inOrder(ACKNOWLEDGE, delivery.handler()), delivery));
    }

    /** Has the delivery tried again at that time; false if it is no longer ours. */
    Mono<Boolean> postpone(Delivery delivery, Instant next, String error) {
        return changesOne(bind(POSTPONE, delivery).bind("next", next).bind("error", error));
    }

    /** Gives the delivery up until an operator sends it on its way again; false if it is no longer ours. */
    Mono<Boolean> bury(Delivery delivery, String error) {
        return changesOne(bind(BURY, delivery).bind("error", error));
    }

    /** Gives the delivery back untried, if it is still ours. */
    Mono<Void> release(Delivery delivery, Instant next) {
        return bind(RELEASE, delivery).bind("next", next).then();
    }

    /** Takes deliveries that are due, the longest due first, and holds them until the lease ends. */
    Mono<List<Delivery>> claim(String handler, int limit, String owner, Instant now, Instant lease) {
        return database.sql(inOrder(CLAIM, handler))
                .filter(statement -> statement.returnGeneratedValues("id"))
                .bind("handler", handler)
                .bind("limit", limit)
                .bind("owner", owner)
                .bind("now", now)
                .bind("lease", lease)
                .map(row -> required(row, "id", UUID.class))
                .all()
                .collectList()
                .filter(ids -> !ids.isEmpty())
                .flatMap(ids -> findClaimed(ids, owner))
                .defaultIfEmpty(List.of());
    }

    Mono<Long> renew(Collection<UUID> ids, String owner, Instant lease) {
        return database.sql(RENEW)
                .bind("ids", ids.toArray(UUID[]::new))
                .bind("owner", owner)
                .bind("lease", lease)
                .fetch()
                .rowsUpdated();
    }

    /** Frees what the owner held when it died. */
    Mono<Long> takeBack(String owner, Instant now) {
        return database.sql(TAKE_BACK)
                .bind("owner", owner)
                .bind("now", now)
                .fetch()
                .rowsUpdated();
    }

    /** Frees what the owner holds and has not begun. */
    Mono<Long> handBack(String owner, Instant now) {
        return database.sql(HAND_BACK)
                .bind("owner", owner)
                .bind("now", now)
                .fetch()
                .rowsUpdated();
    }

    /** Makes deliveries that wait after a failure due at once. */
    Mono<Long> wake(String handler, Instant now) {
        return database.sql(WAKE)
                .bind("handler", handler)
                .bind("now", now)
                .fetch()
                .rowsUpdated();
    }

    private String inOrder(String sql, String handler) {
        return sql.formatted(properties.policyOf(handler).holdsBack() ? DEAD_HOLD_BACK : DEAD_ARE_PASSED);
    }

    private GenericExecuteSpec bind(String sql, Delivery delivery) {
        return database.sql(sql).bind("id", delivery.id()).bind("fence", delivery.fence());
    }

    private static Mono<Boolean> changesOne(GenericExecuteSpec sql) {
        return sql.fetch().rowsUpdated().map(rows -> rows == 1);
    }

    private Mono<List<Delivery>> findClaimed(List<UUID> ids, String owner) {
        return database.sql(FIND_CLAIMED)
                .bind("ids", ids.toArray(UUID[]::new))
                .bind("owner", owner)
                .map(DeliveryRepository::toDelivery)
                .all()
                .collectList();
    }

    private static Delivery toDelivery(Readable row) {
        StoredEvent event = new StoredEvent(
                required(row, "id", UUID.class),
                required(row, "type", String.class),
                required(row, "aggregate_id", UUID.class),
                required(row, "sequence", Long.class),
                required(row, "occurred_at", Instant.class),
                required(row, "payload", String.class),
                required(row, "correlation_id", UUID.class),
                row.get("causation_id", UUID.class),
                row.get("traceparent", String.class),
                row.get("fault_plan", String.class));
        return new Delivery(
                required(row, "delivery_id", UUID.class),
                required(row, "handler", String.class),
                required(row, "attempts", Integer.class),
                required(row, "fence", Long.class),
                required(row, "owed_since", Instant.class),
                event);
    }
}
