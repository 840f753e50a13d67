package dev.millrace.event;

import static dev.millrace.shared.Rows.required;

import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Deliveries on their way to a worker: found when they are due, leased, kept, and given back, many at a time. */
@Repository
@RequiredArgsConstructor
class DeliveryQueue {

    /** In the order of the index, so that the search ends at the limit however much is due. */
    private static final String FIND_DUE = """
            SELECT delivery.id AS delivery_id, delivery.handler, delivery.attempts, delivery.fence, delivery.owed_since,
                   delivery.status, delivery.next_attempt_at, e.*,
                   (SELECT later.id FROM delivery later
                     WHERE later.aggregate_id = delivery.aggregate_id
                       AND later.handler = delivery.handler
                       AND later.sequence > delivery.sequence
                     ORDER BY later.aggregate_id, later.handler, later.sequence
                     LIMIT 1) IS NOT NULL AS followed
              FROM delivery JOIN event e ON e.id = delivery.event_id
             WHERE delivery.handler = :handler AND delivery.next_attempt_at <= :now AND %s
             ORDER BY delivery.handler, delivery.next_attempt_at
             LIMIT :limit
            """;

    /** What comes next of the same aggregate, whether it is due or not. */
    private static final String FIND_NEXT = """
            SELECT delivery.id AS delivery_id, delivery.handler, delivery.attempts, delivery.fence, delivery.owed_since,
                   delivery.status, delivery.next_attempt_at, e.*, TRUE AS followed
              FROM delivery JOIN event e ON e.id = delivery.event_id
             WHERE delivery.aggregate_id = :aggregate AND delivery.handler = :handler AND delivery.sequence > :sequence
             ORDER BY delivery.aggregate_id, delivery.handler, delivery.sequence
             LIMIT :limit
            """;

    private static final String CLAIM = """
            UPDATE delivery SET owner = :owner, next_attempt_at = :lease, attempts = attempts + 1, fence = fence + 1
             WHERE id = ANY(:ids) AND next_attempt_at <= :now
            """;

    private static final String WAKE = """
            UPDATE delivery SET next_attempt_at = :now
             WHERE id IN (SELECT id FROM delivery
                           WHERE handler = :handler AND status = 'RETRY' AND owner IS NULL
                             AND next_attempt_at > :now AND %s
                           ORDER BY next_attempt_at
                           LIMIT :limit)
            """;

    /** What is locked is being acknowledged. To wait for it would hold up all the others, or end in a deadlock. */
    private static final String HOLD =
            "SELECT id FROM delivery WHERE id = ANY(:ids) AND owner = :owner FOR UPDATE SKIP LOCKED";

    private static final String RENEW = "UPDATE delivery SET next_attempt_at = :lease WHERE id = ANY(:ids)";

    private static final String TAKE_BACK =
            "UPDATE delivery SET owner = NULL, next_attempt_at = :now WHERE owner = :owner AND created_at < :now";

    private static final String HAND_BACK = """
            UPDATE delivery SET owner = NULL, next_attempt_at = :now, attempts = attempts - 1
             WHERE owner = :owner
            """;

    /** The aggregates are asked for as well, for the index that they have. */
    private static final String ARRIVE = """
            UPDATE delivery SET owner = NULL, next_attempt_at = :now
             WHERE aggregate_id = ANY(:aggregates) AND handler = :handler AND event_id = ANY(:events) AND owner = :owner
            """;

    private static final String ACKNOWLEDGE_ALL = "DELETE FROM delivery WHERE id = ANY(:ids) AND owner = :owner";

    private static final String POSTPONE_ALL = """
            UPDATE delivery SET status = 'RETRY', owner = NULL, next_attempt_at = :next, last_error = :error
             WHERE id = ANY(:ids) AND owner = :owner
            """;

    private final DatabaseClient database;
    private final BusProperties properties;

    /**
     * Finds deliveries that are due: the longest due of those that nothing earlier holds up, then what follows each of them
     * and is due too, in order. So a long queue of one aggregate does not take a sweep for each of its steps. Not promised:
     * that they are still due when they are claimed.
     */
    Mono<List<Delivery>> findDue(String handler, int limit, Instant now) {
        return database.sql(inOrder(FIND_DUE, handler))
                .bind("handler", handler)
                .bind("limit", limit)
                .bind("now", now)
                .map(row -> toQueued(row, true))
                .all()
                .collectList()
                .flatMap(heads -> Flux.fromIterable(heads)
                        .concatWith(Flux.fromIterable(heads)
                                .filter(Queued::followed)
                                .concatMap(head -> findNext(head.delivery(), limit, now)))
                        .take(limit)
                        .map(Queued::delivery)
                        .collectList());
    }

    private Flux<Queued> findNext(Delivery head, int limit, Instant now) {
        boolean deadArePassed = !properties.policyOf(head.handler()).holdsBack();
        return database.sql(FIND_NEXT)
                .bind("aggregate", head.event().aggregateId())
                .bind("handler", head.handler())
                .bind("sequence", head.event().sequence())
                .bind("limit", limit)
                .map(row -> toQueued(row, false))
                .all()
                .filter(queued -> !(queued.isDead() && deadArePassed))
                .takeWhile(queued -> queued.isDue(now));
    }

    /** Takes those that are still due and holds them until the lease ends. */
    Mono<List<Delivery>> claim(List<Delivery> due, String owner, Instant now, Instant lease) {
        Map<UUID, Delivery> byId = due.stream().collect(Collectors.toMap(Delivery::id, Function.identity()));
        List<UUID> order = due.stream().map(Delivery::id).toList();
        return database.sql(CLAIM)
                .filter(statement -> statement.returnGeneratedValues("id", "attempts", "fence"))
                .bind("ids", byId.keySet().toArray(UUID[]::new))
                .bind("owner", owner)
                .bind("now", now)
                .bind("lease", lease)
                .map(row -> claimed(byId, row, lease))
                .all()
                .collectMap(Delivery::id)
                .map(claimed -> order.stream()
                        .map(claimed::get)
                        .filter(Objects::nonNull)
                        .toList());
    }

    /** Puts off the end of those leases that are the owner's and do not end right now; to be called in a transaction. */
    Mono<Long> renew(Collection<UUID> ids, String owner, Instant lease) {
        return database.sql(HOLD)
                .bind("ids", ids.toArray(UUID[]::new))
                .bind("owner", owner)
                .map(row -> required(row, "id", UUID.class))
                .all()
                .collectList()
                .filter(held -> !held.isEmpty())
                .flatMap(held -> database.sql(RENEW)
                        .bind("ids", held.toArray(UUID[]::new))
                        .bind("lease", lease)
                        .fetch()
                        .rowsUpdated());
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

    /** Makes so many deliveries that wait after a failure due at once, those that wait the shortest. */
    Mono<Long> wake(String handler, int limit, Instant now) {
        return database.sql(inOrder(WAKE, handler))
                .bind("handler", handler)
                .bind("limit", limit)
                .bind("now", now)
                .fetch()
                .rowsUpdated();
    }

    /** Makes those deliveries of the aggregates' events due that the owner still holds; of any others it changes nothing. */
    Mono<Long> arrive(String handler, Collection<UUID> aggregates, Collection<UUID> events, String owner, Instant now) {
        return database.sql(ARRIVE)
                .bind("handler", handler)
                .bind("aggregates", aggregates.toArray(UUID[]::new))
                .bind("events", events.toArray(UUID[]::new))
                .bind("owner", owner)
                .bind("now", now)
                .fetch()
                .rowsUpdated();
    }

    /** Deletes those that the owner still holds. */
    Mono<Long> acknowledgeAll(Collection<UUID> ids, String owner) {
        return database.sql(ACKNOWLEDGE_ALL)
                .bind("ids", ids.toArray(UUID[]::new))
                .bind("owner", owner)
                .fetch()
                .rowsUpdated();
    }

    /** Has those tried again at that time that the owner still holds. */
    Mono<Long> postponeAll(Collection<UUID> ids, String owner, Instant next, String error) {
        return database.sql(POSTPONE_ALL)
                .bind("ids", ids.toArray(UUID[]::new))
                .bind("owner", owner)
                .bind("next", next)
                .bind("error", error)
                .fetch()
                .rowsUpdated();
    }

    private String inOrder(String sql, String handler) {
        return HeadOfLine.of(properties.policyOf(handler)).in(sql);
    }

    private static Delivery claimed(Map<UUID, Delivery> due, Readable row, Instant lease) {
        Delivery delivery = Objects.requireNonNull(due.get(required(row, "id", UUID.class)));
        return delivery.claimed(required(row, "attempts", Integer.class), required(row, "fence", Long.class), lease);
    }

    /** A delivery in the queue of its aggregate. */
    private record Queued(
            Delivery delivery,
            DeliveryStatus status,
            @Nullable Instant nextAttemptAt,
            boolean followed) {

        boolean isDead() {
            return status == DeliveryStatus.DEAD;
        }

        boolean isDue(Instant now) {
            return nextAttemptAt != null && !nextAttemptAt.isAfter(now);
        }
    }

    private static Queued toQueued(Readable row, boolean inTurn) {
        return new Queued(
                toDelivery(row, inTurn),
                DeliveryStatus.valueOf(required(row, "status", String.class)),
                row.get("next_attempt_at", Instant.class),
                required(row, "followed", Boolean.class));
    }

    private static Delivery toDelivery(Readable row, boolean inTurn) {
        StoredEvent event = new StoredEvent(
                required(row, "id", UUID.class),
                required(row, "type", String.class),
                required(row, "aggregate_id", UUID.class),
                required(row, "sequence", Long.class),
                required(row, "occurred_at", Instant.class),
                Payload.of(required(row, "payload", String.class)),
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
                event,
                inTurn,
                Instant.MIN);
    }
}
