package dev.millrace.bench;

import dev.millrace.bench.PostgresServer.Database;
import lombok.RequiredArgsConstructor;

/**
 * What the payments of the last thirty days have left behind: all rows that the service itself would have written, in the
 * order in which it would have. The keys of the last three days are there, those before are purged, and nothing is owed.
 */
@RequiredArgsConstructor
final class Past {

    private static final long BATCH = 100_000;

    /** Ids of version 7 with the time of the payment, as the service draws them; the kind tells them apart. */
    private static final String ID = "CAST(time || '-7%d00-8000-' || number AS UUID) AS %s";

    private static final String PAID = """
            WITH moment AS (
                SELECT i, LPAD(CAST(i AS VARCHAR), 12, '0') AS number,
                       CURRENT_TIMESTAMP - INTERVAL '1' HOUR - INTERVAL '30' DAY * (%1$d - i) / %1$d AS at
                  FROM GENERATE_SERIES(CAST(%2$d AS BIGINT), %3$d) AS n (i)),
            stamped AS (
                SELECT *, LPAD(TO_HEX(CAST(EXTRACT(EPOCH FROM at) * 1000 AS BIGINT)), 12, '0') AS hex FROM moment),
            timed AS (
                SELECT *, SUBSTR(hex, 1, 8) || '-' || SUBSTR(hex, 9, 4) AS time FROM stamped),
            paid AS MATERIALIZED (
                SELECT at, TO_CHAR(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS iso, 1 + MOD(i, %4$d) AS user_id, 2 + i / %4$d AS sequence, 1 + MOD(i, %5$d) AS product_id, %6$s
                  FROM timed),
            """;

    private static final String IDS = String.join(
            ", ",
            ID.formatted(0, "order_id"),
            ID.formatted(1, "payment_id"),
            ID.formatted(2, "entry_id"),
            ID.formatted(3, "confirmed"),
            ID.formatted(4, "requested"),
            ID.formatted(5, "recorded"),
            ID.formatted(6, "exported"));

    private static final String ROWS = """
            orders_placed AS (
                INSERT INTO orders (id, user_id, status, total_amount, created_at, confirmed_at, version)
                SELECT order_id, user_id, 'CONFIRMED', 1000, at, at, 2 FROM paid),
            items AS (
                INSERT INTO order_item (order_id, line, product_id, name, quantity, unit_price)
                SELECT order_id, 0, product_id, 'Product ' || product_id, 1, 1000 FROM paid),
            debits AS (
                INSERT INTO balance_entry (user_id, sequence, id, type, amount, balance_after, reference, at)
                SELECT user_id, sequence, entry_id, 'PAYMENT', -1000, 1000000000000 - 1000 * (sequence - 1), payment_id, at
                  FROM paid),
            payments AS (
                INSERT INTO payment (id, order_id, user_id, amount, refunded_amount, status, paid_at)
                SELECT payment_id, order_id, user_id, 1000, 0, 'SUCCESS', at FROM paid),
            keys AS (
                INSERT INTO idempotency_key (caller, operation, idempotency_key, fingerprint, status, body, created_at)
                SELECT 'anyone', 'POST /payments', 'pay-' || order_id, MD5('a' || order_id) || MD5('b' || order_id), 200,
                       FORMAT('{"id":"%s","orderId":"%s","userId":%s,"amount":1000,"refundedAmount":0,"currency":"KRW",'
                              '"status":"SUCCESS","paidAt":"%s"}', payment_id, order_id, user_id, iso), at
                  FROM paid WHERE at > CURRENT_TIMESTAMP - INTERVAL '3' DAY),
            sold AS (
                INSERT INTO product_sales (product_id, sold_hour, quantity, revenue)
                SELECT product_id, DATE_TRUNC('hour', at), COUNT(*), SUM(1000) FROM paid GROUP BY 1, 2
                    ON CONFLICT (product_id, sold_hour) DO UPDATE
                   SET quantity = product_sales.quantity + EXCLUDED.quantity,
                       revenue = product_sales.revenue + EXCLUDED.revenue)
            INSERT INTO event (id, type, aggregate_id, sequence, occurred_at, payload, correlation_id, causation_id)
            SELECT confirmed, 'order.confirmed.v1', order_id, 1, at,
                   FORMAT('{"orderId":"%s","paymentId":"%s","userId":%s,"amount":1000}', order_id, payment_id, user_id),
                   confirmed, NULL
              FROM paid
             UNION ALL
            SELECT requested, 'order.export-requested.v1', order_id, 2, at,
                   FORMAT('{"orderId":"%s","userId":%s,"totalAmount":1000,"confirmedAt":"%s","items":[{"productId":%s,'
                          '"name":"Product","quantity":1,"unitPrice":1000}]}', order_id, user_id, iso, product_id),
                   confirmed, confirmed
              FROM paid
             UNION ALL
            SELECT recorded, 'product.sales-rank-recorded.v1', order_id, 3, at,
                   FORMAT('{"orderId":"%s","soldAt":"%s","sales":[{"productId":%s,"quantity":1,"revenue":1000}]}',
                          order_id, iso, product_id),
                   confirmed, confirmed
              FROM paid
             UNION ALL
            SELECT exported, 'order.exported.v1', order_id, 4, at,
                   FORMAT('{"orderId":"%s","idempotencyKey":"%s"}', order_id, requested), confirmed, requested
              FROM paid
            """;

    /** The books have been checked up to now, as they would have been all along. */
    private static final String[] CLOSING = {
        """
        UPDATE balance SET version = last.sequence, amount = last.balance_after
          FROM (SELECT user_id, MAX(sequence) AS sequence, MIN(balance_after) AS balance_after
                  FROM balance_entry GROUP BY user_id) AS last
         WHERE balance.user_id = last.user_id
        """, "UPDATE invariant_watermark SET mark = CURRENT_TIMESTAMP", "VACUUM ANALYZE"
    };

    private final long payments;

    /** Into a database in which the {@link Orders#openShop shop} is open and nothing was sold. */
    void fill(Database database) {
        for (long first = 0; first < payments; first += BATCH) {
            long last = Math.min(first + BATCH, payments) - 1;
            database.execute(PAID.formatted(payments, first, last, Orders.ACCOUNTS, Orders.PRODUCTS, IDS) + ROWS);
        }
        for (String sql : CLOSING) {
            database.execute(sql);
        }
    }
}
