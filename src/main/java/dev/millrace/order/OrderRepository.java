package dev.millrace.order;

import static dev.millrace.shared.Rows.column;
import static dev.millrace.shared.Rows.required;

import dev.millrace.shared.PageRequest;
import dev.millrace.shared.Rows;
import dev.millrace.transaction.DeferredChange;
import dev.millrace.transaction.DeferredChange.Part;
import dev.millrace.transaction.JointStatement;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.IntStream;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.r2dbc.core.DatabaseClient.GenericExecuteSpec;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Orders, placed and changed. While something is still open about one, it has a second row; for those who only need that there is the
 * {@link OpenOrderRepository}.
 *
 * <p>Whoever locks both rows of an order locks that of {@code orders} first, and whoever changes an order's status locks both.
 * A payment only locks the open one. So nobody waits in a circle.
 */
@Repository
@RequiredArgsConstructor
class OrderRepository {

    private static final String INSERT = """
            INSERT INTO orders (id, user_id, status, total_amount, created_at, version)
            VALUES (:id, :user, :status, :total, :at, 0)
            """;

    private static final String INSERT_OPEN = """
            INSERT INTO open_order (order_id, user_id, total_amount, expires_at, paid)
            VALUES (:id, :user, :total, :expires, FALSE)
            """;

    private static final String INSERT_ITEM = """
            INSERT INTO order_item (order_id, line, product_id, name, quantity, unit_price)
            VALUES (:order, :line, :product, :name, :quantity, :price)
            """;

    private static final String INSERT_ALL = """
            INSERT INTO orders (id, user_id, status, total_amount, created_at, version)
            SELECT n.*, 0
              FROM UNNEST(CAST(:placedIds AS UUID[]), CAST(:placedUsers AS BIGINT[]), CAST(:placedStatuses AS VARCHAR[]),
                          CAST(:placedTotals AS BIGINT[]), CAST(:placedTimes AS TIMESTAMPTZ[])) AS n
            RETURNING 1
            """;

    private static final String INSERT_ALL_OPEN = """
            INSERT INTO open_order (order_id, user_id, total_amount, expires_at, paid)
            SELECT n.*, FALSE
              FROM UNNEST(CAST(:placedIds AS UUID[]), CAST(:placedUsers AS BIGINT[]), CAST(:placedTotals AS BIGINT[]),
                          CAST(:placedExpiries AS TIMESTAMPTZ[])) AS n
            """;

    private static final String INSERT_ITEMS = """
            INSERT INTO order_item (order_id, line, product_id, name, quantity, unit_price)
            SELECT * FROM UNNEST(CAST(:lineOrders AS UUID[]), CAST(:lineNumbers AS INTEGER[]), CAST(:lineProducts AS BIGINT[]),
                                 CAST(:lineNames AS VARCHAR[]), CAST(:lineQuantities AS BIGINT[]),
                                 CAST(:linePrices AS BIGINT[]))
            """;

    private static final String UPDATE = """
            UPDATE orders SET status = :status, confirmed_at = :confirmed, confirmation_failed_at = :failed,
                   version = version + 1
             WHERE id = :id AND version = :version
            """;

    /** An order that is over and was paid stays open until its money has gone back. */
    private static final String END_UNPAID = OpenOrderRepository.CLOSE + " AND NOT paid";

    private static final String WITH_ITEMS = """
            SELECT o.id, o.user_id, o.status, o.total_amount, o.created_at, o.confirmed_at, o.confirmation_failed_at, o.version,
                   i.product_id, i.name, i.quantity, i.unit_price
              FROM orders o JOIN order_item i ON i.order_id = o.id
             WHERE %s
             ORDER BY o.id DESC, i.line
            """;

    private static final String FIND = WITH_ITEMS.formatted("o.id = :id");
    private static final String FIND_ALL = WITH_ITEMS.formatted("o.id = ANY(:ids)");

    /** Orders that are changed together are locked before anything else is, as by whoever changes one alone; so before open rows. */
    private static final String FIND_ALL_TO_CHANGE = FIND_ALL + "FOR UPDATE OF o";

    private static final String LIST_IDS =
            "SELECT id FROM orders WHERE user_id = :user AND id < :before ORDER BY user_id DESC, id DESC LIMIT :rows";

    private static final String LOCK = "SELECT id FROM orders WHERE id = :id FOR UPDATE";

    private static final String UPDATE_ALL = """
            UPDATE orders SET status = n.status, confirmed_at = n.confirmed, confirmation_failed_at = n.failed,
                   version = orders.version + 1
              FROM UNNEST(CAST(:changedIds AS UUID[]), CAST(:changedStatuses AS VARCHAR[]), CAST(:confirmed AS TIMESTAMPTZ[]),
                          CAST(:failed AS TIMESTAMPTZ[]), CAST(:changedVersions AS BIGINT[]))
                   AS n (id, status, confirmed, failed, version)
             WHERE orders.id = n.id AND orders.version = n.version
            RETURNING 1
            """;

    /** Waits until all orders are changed, and so takes the rows in the same order as whoever confirms one alone. */
    private static final String CLOSE_CONFIRMED = """
            DELETE FROM open_order WHERE order_id = ANY(:confirmedIds) AND (SELECT COUNT(*) FROM changed) > 0 RETURNING 1
            """;

    private final DatabaseClient database;

    private final DeferredChange<NewOrder> insert = DeferredChange.of(this::insertOne, OrderRepository::insertAll);

    private final JointStatement<UUID, Order> find =
            JointStatement.read(this::findOne).together(Function.identity(), this::findByIds);

    private final JointStatement<UUID, Order> findToChange =
            JointStatement.read(this::findOne).together(Function.identity(), this::findAllToChange);

    private final DeferredChange<Order> update = DeferredChange.of(this::updateOne, OrderRepository::updateAll);

    private record NewOrder(Order order, Instant expiresAt) {}

    private record Line(UUID orderId, int number, OrderItem item) {}

    Mono<Void> insert(Order order, Instant expiresAt) {
        return insert.make(new NewOrder(order, expiresAt));
    }

    /**
     * Saves the order's status, unless somebody else has since it was read. A confirmed order is open no longer, and one that is
     * over no longer waits for a payment.
     */
    Mono<Void> update(Order order) {
        return update.make(order).then(order.isOver() ? endUnpaid(order.id()) : Mono.empty());
    }

    Mono<Order> find(UUID id) {
        return find.ask(id);
    }

    /** The same for the caller's transaction to change; nobody changes it until that ends, or the update fails. */
    Mono<Order> findToChange(UUID id) {
        return findToChange.ask(id);
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

    /** Keeps everybody else from changing the order until the transaction ends. */
    Mono<Void> lock(UUID id) {
        return database.sql(LOCK)
                .bind("id", id)
                .map(row -> required(row, "id", UUID.class))
                .one()
                .then();
    }

    private Mono<Void> insertOne(NewOrder added) {
        Order order = added.order();
        return database.sql(INSERT)
                .bind("id", order.id())
                .bind("user", order.userId())
                .bind("status", order.status().name())
                .bind("total", order.totalAmount().amount())
                .bind("at", order.createdAt())
                .then()
                .then(insertOpen(added))
                .thenMany(Flux.fromIterable(linesOf(order)))
                .concatMap(this::insertLine)
                .then();
    }

    private Mono<Void> insertOpen(NewOrder added) {
        Order order = added.order();
        return database.sql(INSERT_OPEN)
                .bind("id", order.id())
                .bind("user", order.userId())
                .bind("total", order.totalAmount().amount())
                .bind("expires", added.expiresAt())
                .then();
    }

    private Mono<Void> insertLine(Line line) {
        OrderItem item = line.item();
        return database.sql(INSERT_ITEM)
                .bind("order", line.orderId())
                .bind("line", line.number())
                .bind("product", item.productId())
                .bind("name", item.name())
                .bind("quantity", item.quantity())
                .bind("price", item.unitPrice().amount())
                .then();
    }

    private static Part insertAll(List<NewOrder> added) {
        List<Line> lines =
                added.stream().flatMap(row -> linesOf(row.order()).stream()).toList();
        return Part.changing("placed", INSERT_ALL, added.size())
                .and("opened", INSERT_ALL_OPEN)
                .and("line", INSERT_ITEMS)
                .bind("placedIds", column(added, row -> row.order().id(), UUID[]::new))
                .bind("placedUsers", column(added, row -> row.order().userId(), Long[]::new))
                .bind(
                        "placedStatuses",
                        column(added, row -> row.order().status().name(), String[]::new))
                .bind(
                        "placedTotals",
                        column(added, row -> row.order().totalAmount().amount(), Long[]::new))
                .bind("placedTimes", column(added, row -> row.order().createdAt(), Instant[]::new))
                .bind("placedExpiries", column(added, NewOrder::expiresAt, Instant[]::new))
                .bind("lineOrders", column(lines, Line::orderId, UUID[]::new))
                .bind("lineNumbers", column(lines, Line::number, Integer[]::new))
                .bind("lineProducts", column(lines, line -> line.item().productId(), Long[]::new))
                .bind("lineNames", column(lines, line -> line.item().name(), String[]::new))
                .bind("lineQuantities", column(lines, line -> line.item().quantity(), Long[]::new))
                .bind(
                        "linePrices",
                        column(lines, line -> line.item().unitPrice().amount(), Long[]::new));
    }

    private static List<Line> linesOf(Order order) {
        List<OrderItem> items = order.items();
        return IntStream.range(0, items.size())
                .mapToObj(number -> new Line(order.id(), number, items.get(number)))
                .toList();
    }

    private Mono<Order> findOne(UUID id) {
        return toOrders(database.sql(FIND).bind("id", id)).singleOrEmpty();
    }

    private Mono<Map<UUID, Order>> findByIds(List<UUID> ids) {
        return findAll(ids).collectMap(Order::id);
    }

    private Mono<Map<UUID, Order>> findAllToChange(List<UUID> ids) {
        return toOrders(database.sql(FIND_ALL_TO_CHANGE).bind("ids", ids.toArray(UUID[]::new)))
                .collectMap(Order::id);
    }

    private Mono<Void> updateOne(Order order) {
        GenericExecuteSpec saved = database.sql(UPDATE)
                .bind("id", order.id())
                .bind("status", order.status().name())
                .bind("confirmed", nullable(order.confirmedAt()))
                .bind("failed", nullable(order.confirmationFailedAt()))
                .bind("version", order.version());
        return changeOne(saved, order.id()).then(order.isConfirmed() ? closeOne(order.id()) : Mono.empty());
    }

    private Mono<Void> closeOne(UUID id) {
        return changeOne(database.sql(OpenOrderRepository.CLOSE).bind("id", id), id);
    }

    private Mono<Void> endUnpaid(UUID id) {
        return database.sql(END_UNPAID).bind("id", id).then();
    }

    private static Mono<Void> changeOne(GenericExecuteSpec sql, UUID id) {
        return sql.fetch()
                .rowsUpdated()
                .filter(rows -> rows == 1)
                .switchIfEmpty(Mono.error(() -> new OptimisticLockingFailureException("Order " + id)))
                .then();
    }

    private static Part updateAll(List<Order> changed) {
        List<Order> confirmed = changed.stream().filter(Order::isConfirmed).toList();
        return Part.changing("changed", UPDATE_ALL, changed.size())
                .andChanging("closed", CLOSE_CONFIRMED, confirmed.size())
                .bind("confirmedIds", column(confirmed, Order::id, UUID[]::new))
                .bind("changedIds", column(changed, Order::id, UUID[]::new))
                .bind("changedStatuses", column(changed, order -> order.status().name(), String[]::new))
                .bind("confirmed", column(changed, Order::confirmedAt, Instant[]::new))
                .bind("failed", column(changed, Order::confirmationFailedAt, Instant[]::new))
                .bind("changedVersions", column(changed, Order::version, Long[]::new));
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
