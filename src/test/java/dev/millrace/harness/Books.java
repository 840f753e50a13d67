package dev.millrace.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.springframework.r2dbc.core.DatabaseClient;

/** The whole database, looked at as an auditor does: what does not add up, whoever caused it. */
public class Books {

    private static final Map<String, String> VIOLATIONS = Map.of(
            "a balance is not the sum of its entries",
            """
            SELECT CAST(b.user_id AS VARCHAR) FROM balance b
             WHERE b.amount <> (SELECT COALESCE(SUM(e.amount), 0) FROM balance_entry e WHERE e.user_id = b.user_id)
            """,
            "an entry does not follow from the one before",
            """
            SELECT CAST(user_id AS VARCHAR) FROM
                (SELECT user_id, sequence, amount, balance_after,
                        LAG(balance_after, 1, 0) OVER (PARTITION BY user_id ORDER BY sequence) AS before,
                        ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY sequence) AS place
                   FROM balance_entry) e
             WHERE balance_after <> before + amount OR sequence <> place
            """,
            "a payment has not exactly one debit of its amount",
            """
            SELECT CAST(p.id AS VARCHAR) FROM payment p
             WHERE 1 <> (SELECT COUNT(*) FROM balance_entry e
                          WHERE e.user_id = p.user_id AND e.reference = p.id
                            AND e.type = 'PAYMENT' AND e.amount = -p.amount)
            """,
            "a payment's refunds are not what it says",
            """
            SELECT CAST(p.id AS VARCHAR) FROM payment p
             WHERE p.refunded_amount > p.amount
                OR p.refunded_amount <> (SELECT COALESCE(SUM(r.amount), 0) FROM refund r WHERE r.payment_id = p.id)
                OR p.status <> CASE p.refunded_amount WHEN 0 THEN 'SUCCESS' WHEN p.amount THEN 'REFUNDED'
                                                      ELSE 'PARTIALLY_REFUNDED' END
            """,
            "a refund has not exactly one credit of its amount",
            """
            SELECT CAST(r.id AS VARCHAR) FROM refund r JOIN payment p ON p.id = r.payment_id
             WHERE 1 <> (SELECT COUNT(*) FROM balance_entry e
                          WHERE e.user_id = p.user_id AND e.reference = r.id
                            AND e.type = 'REFUND' AND e.amount = r.amount)
            """,
            "an expired order was paid, or a confirmed one was not",
            """
            SELECT CAST(o.id AS VARCHAR) FROM orders o LEFT JOIN payment p ON p.order_id = o.id
             WHERE o.status = 'EXPIRED' AND p.id IS NOT NULL
                OR o.status = 'CONFIRMED' AND p.status = 'REFUNDED'
                OR o.status = 'REFUNDED' AND (p.id IS NULL OR p.status <> 'REFUNDED')
                OR o.status = 'CONFIRMED' AND p.id IS NULL
                   AND EXISTS (SELECT 1 FROM event e WHERE e.aggregate_id = o.id AND e.type = 'order.confirmed.v1')
            """,
            "an order has more than one failed confirmation",
            """
            SELECT CAST(aggregate_id AS VARCHAR) FROM event WHERE type = 'order.confirmation-failed.v1'
             GROUP BY aggregate_id HAVING COUNT(*) > 1
            """,
            "events of an order have a gap",
            """
            SELECT CAST(aggregate_id AS VARCHAR) FROM event
             GROUP BY aggregate_id HAVING MAX(sequence) <> COUNT(*)
            """,
            "an event has caused the same one twice",
            """
            SELECT CAST(causation_id AS VARCHAR) FROM event
             WHERE causation_id IS NOT NULL
             GROUP BY causation_id, type HAVING COUNT(*) > 1
            """);

    /** Whether an order is open is seen in several tables, which a confirmation under way may change between one and the next. */
    private static final String WRONGLY_OPEN = """
            SELECT CAST(w.order_id AS VARCHAR) FROM open_order w
              LEFT JOIN orders o ON o.id = w.order_id LEFT JOIN payment p ON p.order_id = w.order_id
             WHERE o.id IS NULL OR o.user_id <> w.user_id OR o.total_amount <> w.total_amount
                OR o.status IN ('CONFIRMED', 'EXPIRED', 'REFUNDED') OR p.status = 'REFUNDED'
                OR NOT w.paid AND (o.status <> 'CREATED' OR p.id IS NOT NULL)
            """;

    private static final String WRONGLY_CLOSED = """
            SELECT CAST(o.id AS VARCHAR) FROM orders o LEFT JOIN payment p ON p.order_id = o.id
             WHERE (o.status = 'CREATED' OR o.status IN ('CONFIRMATION_FAILED', 'CANCELLED') AND p.status <> 'REFUNDED')
               AND NOT EXISTS (SELECT 1 FROM open_order w WHERE w.order_id = o.id)
            """;

    private final DatabaseClient database;

    public Books(DatabaseClient database) {
        this.database = database;
    }

    public void assertThatTheyAddUp() {
        VIOLATIONS.forEach(
                (violation, sql) -> assertThat(found(sql)).as(violation).isEmpty());
        Awaitility.await().untilAsserted(() -> {
            assertThat(found(WRONGLY_OPEN)).as("a decided order is open").isEmpty();
            assertThat(found(WRONGLY_CLOSED))
                    .as("an undecided order is not open")
                    .isEmpty();
        });
    }

    private List<String> found(String sql) {
        return Shop.now(
                database.sql(sql).map(row -> row.get(0, String.class)).all().collectList());
    }
}
