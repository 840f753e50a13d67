package dev.millrace.ranking;

import static dev.millrace.shared.Rows.column;
import static dev.millrace.shared.Rows.required;

import dev.millrace.order.ProductSalesRankRecordedEvent.Sale;
import dev.millrace.transaction.DeferredChange;
import dev.millrace.transaction.DeferredChange.Part;
import io.r2dbc.spi.Readable;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import lombok.RequiredArgsConstructor;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.r2dbc.core.DatabaseClient.GenericExecuteSpec;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Sales, summed up by product and hour, so that a window is a sum of few rows however much was sold. */
@Repository
@RequiredArgsConstructor
class RankingRepository {

    private static final String ADD = """
            UPDATE product_sales SET quantity = quantity + :quantity, revenue = revenue + :revenue
             WHERE product_id = :product AND sold_hour = :hour
            """;

    private static final String INSERT_EMPTY = """
            INSERT INTO product_sales (product_id, sold_hour, quantity, revenue)
            VALUES (:product, :hour, 0, 0) ON CONFLICT DO NOTHING
            """;

    /** In the order of the products, as everybody takes their rows. */
    private static final String ADD_ALL = """
            INSERT INTO product_sales (product_id, sold_hour, quantity, revenue)
            SELECT n.product, n.hour, SUM(n.quantity), SUM(n.revenue)
              FROM UNNEST(CAST(:soldProducts AS BIGINT[]), CAST(:soldHours AS TIMESTAMPTZ[]),
                          CAST(:soldQuantities AS BIGINT[]), CAST(:soldRevenues AS BIGINT[]))
                   AS n (product, hour, quantity, revenue)
             GROUP BY n.product, n.hour
             ORDER BY n.product, n.hour
            ON CONFLICT (product_id, sold_hour) DO UPDATE
                SET quantity = product_sales.quantity + EXCLUDED.quantity,
                    revenue = product_sales.revenue + EXCLUDED.revenue
            RETURNING 1
            """;

    /** A sale that has yet to be counted (its delivery is dead) can have been taken out: such hours are below zero. */
    private static final String TOP = """
            SELECT product_id, SUM(quantity) AS quantity, GREATEST(SUM(revenue), 0) AS revenue
              FROM product_sales
             WHERE sold_hour >= :from
             GROUP BY product_id
            HAVING SUM(quantity) > 0
             ORDER BY SUM(%s) DESC, product_id
             LIMIT :limit
            """;

    private static final String TOP_BY_QUANTITY = TOP.formatted("quantity");
    private static final String TOP_BY_REVENUE = TOP.formatted("revenue");

    private final DatabaseClient database;

    private final DeferredChange<HourlySales> add = DeferredChange.of(this::addOneByOne, RankingRepository::addAll);

    private record HourlySales(List<Sale> sales, Instant hour) {}

    private record HourlySale(Sale sale, Instant hour) {}

    /** Adds the sales to their hour. */
    Mono<Void> add(List<Sale> sales, Instant hour) {
        return add.make(new HourlySales(sales, hour));
    }

    /** Takes the sales out of their hour. */
    Mono<Void> subtract(List<Sale> sales, Instant hour) {
        return add(sales.stream().map(RankingRepository::undone).toList(), hour);
    }

    /** Products in ascending order: two orders never wait for each other in a circle. */
    private Mono<Void> addOneByOne(HourlySales sold) {
        return Flux.fromStream(() -> sold.sales().stream().sorted(Comparator.comparingLong(Sale::productId)))
                .concatMap(sale -> addOne(sale, sold.hour()))
                .then();
    }

    private Mono<Void> addOne(Sale sale, Instant hour) {
        return update(sale, hour)
                .filter(rows -> rows == 0)
                .flatMap(none -> insertEmpty(sale, hour).then(update(sale, hour)))
                .then();
    }

    private static Part addAll(List<HourlySales> sold) {
        List<HourlySale> sales = sold.stream()
                .flatMap(order -> order.sales().stream().map(sale -> new HourlySale(sale, order.hour())))
                .toList();
        return Part.changing("sold", ADD_ALL, countBuckets(sales))
                .bind("soldProducts", column(sales, row -> row.sale().productId(), Long[]::new))
                .bind("soldHours", column(sales, HourlySale::hour, Instant[]::new))
                .bind("soldQuantities", column(sales, row -> row.sale().quantity(), Long[]::new))
                .bind("soldRevenues", column(sales, row -> row.sale().revenue(), Long[]::new));
    }

    private static long countBuckets(List<HourlySale> sales) {
        record Bucket(long productId, Instant hour) {}
        return sales.stream()
                .map(row -> new Bucket(row.sale().productId(), row.hour()))
                .distinct()
                .count();
    }

    private static Sale undone(Sale sale) {
        return new Sale(sale.productId(), -sale.quantity(), -sale.revenue());
    }

    Flux<ProductSales> top(Metric metric, Instant from, int limit) {
        return database.sql(topBy(metric))
                .bind("from", from)
                .bind("limit", limit)
                .map(RankingRepository::toSales)
                .all();
    }

    private static String topBy(Metric metric) {
        return switch (metric) {
            case QUANTITY -> TOP_BY_QUANTITY;
            case REVENUE -> TOP_BY_REVENUE;
        };
    }

    private Mono<Long> update(Sale sale, Instant hour) {
        return bucket(ADD, sale, hour)
                .bind("quantity", sale.quantity())
                .bind("revenue", sale.revenue())
                .fetch()
                .rowsUpdated();
    }

    private Mono<Void> insertEmpty(Sale sale, Instant hour) {
        return bucket(INSERT_EMPTY, sale, hour).then();
    }

    private GenericExecuteSpec bucket(String sql, Sale sale, Instant hour) {
        return database.sql(sql).bind("product", sale.productId()).bind("hour", hour);
    }

    private static ProductSales toSales(Readable row) {
        return new ProductSales(
                required(row, "product_id", Long.class),
                required(row, "quantity", BigDecimal.class).toBigInteger(),
                required(row, "revenue", BigDecimal.class).toBigInteger());
    }
}
