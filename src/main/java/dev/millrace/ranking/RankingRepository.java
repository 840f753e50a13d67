package dev.millrace.ranking;

import static dev.millrace.shared.Rows.required;

import dev.millrace.order.ProductSalesRankRecordedEvent.Sale;
import io.r2dbc.spi.Readable;
import java.math.BigDecimal;
import java.time.Instant;
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

    /** Adds the sale to its hour. */
    Mono<Void> add(Sale sale, Instant hour) {
        return update(sale, hour)
                .filter(rows -> rows == 0)
                .flatMap(none -> insertEmpty(sale, hour).then(update(sale, hour)))
                .then();
    }

    /** Takes the sale out of its hour. */
    Mono<Void> subtract(Sale sale, Instant hour) {
        return add(new Sale(sale.productId(), -sale.quantity(), -sale.revenue()), hour);
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
