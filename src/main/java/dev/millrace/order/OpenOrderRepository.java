package dev.millrace.order;

import static dev.millrace.shared.Rows.column;
import static dev.millrace.shared.Rows.required;

import dev.millrace.shared.Rows;
import dev.millrace.transaction.DeferredChange;
import dev.millrace.transaction.DeferredChange.Part;
import dev.millrace.transaction.JointStatement;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.r2dbc.core.DatabaseClient.GenericExecuteSpec;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Mono;

/**
 * Orders about which something is still open, for those who pay or expire them: by the row that an order has in {@code open_order}
 * until it is decided. It waits for its payment, or it is paid and neither confirmed nor has its money gone back.
 *
 * <p>A payment locks that row only; whoever changes an order's status locks that of {@code orders} before
 * ({@link OrderRepository}).
 */
@Repository
@RequiredArgsConstructor
class OpenOrderRepository {

    /**
     * Asks for nothing that an index has but the id: the database might look for the order among all of that index instead, if
     * its statistics are of a time when there were few.
     */
    private static final String CLAIM = """
            SELECT order_id, user_id, total_amount FROM open_order
             WHERE order_id = :id AND user_id = :user AND NOT paid
               FOR UPDATE
            """;

    /** Without a join, of which a plan that was made for an empty table would go through the full one again and again. */
    private static final String CLAIM_ALL = """
            SELECT order_id, user_id, total_amount FROM open_order
             WHERE order_id = ANY(:ids) AND NOT paid
               AND user_id = (CAST(:users AS BIGINT[]))[ARRAY_POSITION(CAST(:ids AS UUID[]), order_id)]
             ORDER BY order_id
               FOR UPDATE
            """;

    private static final String END_WAITING = "UPDATE open_order SET paid = TRUE WHERE order_id = :id AND NOT paid";

    private static final String END_WAITING_ALL =
            "UPDATE open_order SET paid = TRUE WHERE order_id = ANY(:paidOrders) AND NOT paid RETURNING 1";

    private static final String FIND_LAPSED =
            "SELECT order_id AS id FROM open_order WHERE expires_at <= :now AND NOT paid ORDER BY expires_at LIMIT :limit";

    private static final String HOLD_LAPSED = "SELECT id FROM orders WHERE id = ANY(:ids) FOR UPDATE SKIP LOCKED";

    /** What was paid or closed in the meantime is not there any more. */
    private static final String HOLD_LAPSED_OPEN =
            "SELECT order_id AS id FROM open_order WHERE order_id = ANY(:ids) AND NOT paid FOR UPDATE SKIP LOCKED";

    private static final String EXPIRE = """
            UPDATE orders SET status = 'EXPIRED', version = version + 1 WHERE id = ANY(:ids) AND status = 'CREATED'
            """;

    private static final String CLOSE_ALL = "DELETE FROM open_order WHERE order_id = ANY(:ids)";

    static final String CLOSE = "DELETE FROM open_order WHERE order_id = :id";

    private final DatabaseClient database;

    private final JointStatement<Claim, OrderToPay> claim =
            JointStatement.read(this::claimOne).together(Claim::orderId, this::claimAll);

    private final DeferredChange<UUID> endWaiting =
            DeferredChange.of(this::endOneWaiting, OpenOrderRepository::endAllWaiting);

    private record Claim(UUID orderId, long userId) {}

    /**
     * Keeps everybody else from paying or ending the user's order until the transaction ends; empty if it does not wait for a
     * payment.
     */
    Mono<OrderToPay> claim(UUID id, long userId) {
        return claim.ask(new Claim(id, userId));
    }

    /** Takes the claimed order out of those that wait for a payment. */
    Mono<Void> endWaiting(UUID id) {
        return endWaiting.make(id);
    }

    /**
     * Gives up orders that still wait for their payment at that time, at most so many; tells how many. It waits for nobody:
     * orders that somebody is paying or cancelling are left for the next time.
     */
    Mono<Long> expire(Instant now, int limit) {
        return findIds(database.sql(FIND_LAPSED).bind("now", now).bind("limit", limit))
                .flatMap(lapsed -> findIds(database.sql(HOLD_LAPSED).bind("ids", lapsed)))
                .flatMap(held -> findIds(database.sql(HOLD_LAPSED_OPEN).bind("ids", held)))
                .flatMap(this::expireAll)
                .defaultIfEmpty(0L);
    }

    /** All money that was paid for the order has gone back. */
    Mono<Void> close(UUID id) {
        return database.sql(CLOSE).bind("id", id).then();
    }

    private Mono<OrderToPay> claimOne(Claim wanted) {
        return database.sql(CLAIM)
                .bind("id", wanted.orderId())
                .bind("user", wanted.userId())
                .map(OpenOrderRepository::toOrderToPay)
                .one();
    }

    private Mono<Map<UUID, OrderToPay>> claimAll(List<Claim> wanted) {
        return database.sql(CLAIM_ALL)
                .bind("ids", column(wanted, Claim::orderId, UUID[]::new))
                .bind("users", column(wanted, Claim::userId, Long[]::new))
                .map(OpenOrderRepository::toOrderToPay)
                .all()
                .collectMap(OrderToPay::id);
    }

    private Mono<Void> endOneWaiting(UUID id) {
        return database.sql(END_WAITING)
                .bind("id", id)
                .fetch()
                .rowsUpdated()
                .filter(rows -> rows == 1)
                .switchIfEmpty(Mono.error(() -> new OptimisticLockingFailureException("Order " + id)))
                .then();
    }

    private static Part endAllWaiting(List<UUID> ids) {
        return Part.changing("no_longer_waiting", END_WAITING_ALL, ids.size())
                .bind("paidOrders", ids.toArray(UUID[]::new));
    }

    private Mono<Long> expireAll(UUID[] waiting) {
        return database.sql(EXPIRE).bind("ids", waiting).fetch().rowsUpdated().delayUntil(expired -> database.sql(
                        CLOSE_ALL)
                .bind("ids", waiting)
                .then());
    }

    /** Empty if there are none. */
    private static Mono<UUID[]> findIds(GenericExecuteSpec sql) {
        return sql.map(row -> required(row, "id", UUID.class))
                .all()
                .collectList()
                .filter(ids -> !ids.isEmpty())
                .map(ids -> ids.toArray(UUID[]::new));
    }

    private static OrderToPay toOrderToPay(Readable row) {
        return new OrderToPay(
                required(row, "order_id", UUID.class),
                required(row, "user_id", Long.class),
                Rows.money(row, "total_amount"));
    }
}
