package dev.millrace.order;

import static dev.millrace.shared.Rows.required;

import dev.millrace.shared.PageRequest;
import dev.millrace.shared.Rows;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.r2dbc.core.DatabaseClient.GenericExecuteSpec;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

@Repository
@RequiredArgsConstructor
class OrderRepository {

    private static final String INSERT = """
            INSERT INTO orders (id, user_id, status, total_amount, created_at, expires_at, version)
            VALUES (:id, :user, :status, :total, :at, :expires, 0)
            """;

    private static final String INSERT_ITEM = """
            INSERT INTO order_item (order_id, line, product_id, name, quantity, unit_price)
            VALUES (:order, :line, :product, :name, :quantity, :price)
            """;

    private static final String UPDATE = """
            UPDATE orders SET status = :status, confirmed_at = :confirmed, confirmation_failed_at = :failed, expires_at = NULL,
                   version = version + 1
             WHERE id = :id AND version = :version
            """;

    private static final String WITH_ITEMS = """
            SELECT o.id, o.user_id, o.status, o.total_amount, o.created_at, o.confirmed_at, o.confirmation_failed_at, o.version,
                   i.product_id, i.name, i.quantity, i.unit_price
              FROM orders o JOIN order_item i ON i.order_id = o.id
             WHERE %s
             ORDER BY o.id DESC, i.line
            """;

    private static final String FIND = WITH_ITEMS.formatted("o.id = :id");
    private static final String FIND_ALL = WITH_ITEMS.formatted("o.id = ANY(:ids)");

    private static final String LIST_IDS =
            "SELECT id FROM orders WHERE user_id = :user AND id < :before ORDER BY user_id DESC, id DESC LIMIT :rows";

    private static final String LOCK = "SELECT id FROM orders WHERE id = :id FOR UPDATE";

    /**
     * An order waits for as long as it has an expiry. Its status would say no more, and would let the database look for the order
     * among all that wait instead of by its id.
     */
    private static final String CLAIM =
            "UPDATE orders SET expires_at = NULL WHERE id = :id AND user_id = :user AND expires_at IS NOT NULL";

    private static final String EXPIRE = """
            UPDATE orders SET status = 'EXPIRED', expires_at = NULL, version = version + 1
             WHERE status = 'CREATED' AND expires_at <= :now
               AND id IN (SELECT id FROM orders WHERE status = 'CREATED' AND expires_at <= :now
                           ORDER BY expires_at LIMIT :limit)
            """;

    private final DatabaseClient database;

    Mono<Void> insert(Order order, Instant expiresAt) {
        return database.sql(INSERT)
                .bind("expires", expiresAt)
                .bind("id", order.id())
                .bind("user", order.userId())
                .bind("status", order.status().name())
                .bind("total", order.totalAmount().amount())
                .bind("at", order.createdAt())
                .then()
                .thenMany(Flux.fromIterable(order.items()).index())
                .concatMap(item -> insertItem(order.id(), item.getT1(), item.getT2()))
                .then();
    }

    /** Saves the order's status, unless somebody else has since it was read. */
    Mono<Void> update(Order order) {
        return database.sql(UPDATE)
                .bind("id", order.id())
                .bind("status", order.status().name())
                .bind("confirmed", nullable(order.confirmedAt()))
                .bind("failed", nullable(order.confirmationFailedAt()))
                .bind("version", order.version())
                .fetch()
                .rowsUpdated()
                .filter(rows -> rows == 1)
                .switchIfEmpty(Mono.error(() -> new OptimisticLockingFailureException("Order " + order.id())))
                .then();
    }

    Mono<Order> find(UUID id) {
        return toOrders(database.sql(FIND).bind("id", id)).singleOrEmpty();
    }

    Flux<Order> findAll(Collection<UUID> ids) {
        return toOrders(database.sql(FIND_ALL).bind("ids", ids.toArray(UUID[]::new)));
    }

    Flux<UUID> listIds(long userId, PageRequest page) {
        return database.sql(LIST_IDS)
                .bind("user", userId)
                .bind("before", page.beforeUuid())
                .bind("rows", page.rowsToRead())
                .map(row -> required(row, "id", UUID.class))
                .all();
    }

    /** Takes the user's order out of those that wait for a payment; empty if it is not one of them. */
    Mono<OrderToPay> claim(UUID id, long userId) {
        return database.sql(CLAIM)
                .filter(statement -> statement.returnGeneratedValues("total_amount"))
                .bind("id", id)
                .bind("user", userId)
                .map(row -> new OrderToPay(id, userId, Rows.money(row, "total_amount")))
                .one();
    }

    /** Gives up orders that still wait for their payment at that time; tells how many. */
    Mono<Long> expire(Instant now, int limit) {
        return database.sql(EXPIRE)
                .bind("now", now)
                .bind("limit", limit)
                .fetch()
                .rowsUpdated();
    }

    /** Keeps everybody else from changing the order until the transaction ends. */
    Mono<Void> lock(UUID id) {
        return database.sql(LOCK)
                .bind("id", id)
                .map(row -> required(row, "id", UUID.class))
                .one()
                .then();
    }

    private Mono<Void> insertItem(UUID orderId, long line, OrderItem item) {
        return database.sql(INSERT_ITEM)
                .bind("order", orderId)
                .bind("line", line)
                .bind("product", item.productId())
                .bind("name", item.name())
                .bind("quantity", item.quantity())
                .bind("price", item.unitPrice().amount())
                .then();
    }

    /** One row for each item, those of an order next to each other. */
    private static Flux<Order> toOrders(GenericExecuteSpec sql) {
        return sql.map(OrderRepository::toOneLine)
                .all()
                .bufferUntilChanged(Order::id)
                .map(OrderRepository::join);
    }

    private static Order toOneLine(Readable row) {
        return new Order(
                required(row, "id", UUID.class),
                required(row, "user_id", Long.class),
                List.of(toItem(row)),
                Rows.money(row, "total_amount"),
                required(row, "created_at", Instant.class),
                required(row, "version", Long.class),
                status(row),
                row.get("confirmed_at", Instant.class),
                row.get("confirmation_failed_at", Instant.class));
    }

    private static Order join(List<Order> lines) {
        Order first = lines.get(0);
        List<OrderItem> items =
                lines.stream().flatMap(line -> line.items().stream()).toList();
        return new Order(
                first.id(),
                first.userId(),
                items,
                first.totalAmount(),
                first.createdAt(),
                first.version(),
                first.status(),
                first.confirmedAt(),
                first.confirmationFailedAt());
    }

    private static OrderItem toItem(Readable row) {
        return new OrderItem(
                required(row, "product_id", Long.class),
                required(row, "name", String.class),
                required(row, "quantity", Long.class),
                Rows.money(row, "unit_price"));
    }

    private static Object nullable(@Nullable Instant value) {
        return value == null ? Parameters.in(Instant.class) : value;
    }

    private static OrderStatus status(Readable row) {
        return OrderStatus.valueOf(required(row, "status", String.class));
    }
}
