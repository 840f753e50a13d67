package dev.millrace.process;

/** What payments leave behind in PostgreSQL, written there by one statement, as many at once as no test could make. */
final class PaidOrders {

    private static final int USERS = 1_000;

    private PaidOrders() {}

    /** So many orders that were paid while there was no broker: nothing is sent yet, and so nothing confirmed. */
    static String waitingForKafka(int orders) {
        return """
                WITH paid AS MATERIALIZED (
                    SELECT uuidv7() AS order_id, uuidv7() AS payment_id, uuidv7() AS event_id, 1 + n %% %2$d AS user_id,
                           n / %2$d + 2 AS sequence, product.*, now() AS at
                      FROM generate_series(0, %1$d - 1) n, (SELECT id, name, price FROM product ORDER BY id LIMIT 1) product),
                balances AS (
                    INSERT INTO balance (user_id, amount, version)
                    SELECT user_id, 0, MAX(sequence) FROM paid GROUP BY user_id),
                charges AS (
                    INSERT INTO balance_entry (user_id, sequence, id, type, amount, balance_after, at)
                    SELECT user_id, 1, uuidv7(), 'CHARGE', SUM(price), SUM(price), MIN(at) FROM paid GROUP BY user_id),
                debits AS (
                    INSERT INTO balance_entry (user_id, sequence, id, type, amount, balance_after, reference, at)
                    SELECT user_id, sequence, uuidv7(), 'PAYMENT', -price,
                           price * (MAX(sequence) OVER (PARTITION BY user_id) - sequence), payment_id, at
                      FROM paid),
                placed AS (
                    INSERT INTO orders (id, user_id, status, total_amount, created_at, version)
                    SELECT order_id, user_id, 'CREATED', price, at, 0 FROM paid),
                open_orders AS (
                    INSERT INTO open_order (order_id, user_id, total_amount, expires_at, paid)
                    SELECT order_id, user_id, price, at + INTERVAL '30 minutes', TRUE FROM paid),
                items AS (
                    INSERT INTO order_item (order_id, line, product_id, name, quantity, unit_price)
                    SELECT order_id, 0, id, name, 1, price FROM paid),
                payments AS (
                    INSERT INTO payment (id, order_id, user_id, amount, refunded_amount, status, paid_at)
                    SELECT payment_id, order_id, user_id, price, 0, 'SUCCESS', at FROM paid),
                events AS (
                    INSERT INTO event (id, type, aggregate_id, sequence, occurred_at, payload, correlation_id)
                    SELECT event_id, 'order.confirmed.v1', order_id, 1, at,
                           json_build_object('orderId', order_id, 'paymentId', payment_id, 'userId', user_id, 'amount', price),
                           event_id
                      FROM paid),
                deliveries AS (
                    INSERT INTO delivery (id, event_id, handler, aggregate_id, sequence, status, attempts, fence, owner,
                                          next_attempt_at, created_at, owed_since)
                    SELECT uuidv7(), event_id, handler, order_id, 1, 'PENDING', 0, 0, owner, at + wait, at, at
                      FROM paid, (VALUES ('relay', NULL, INTERVAL '0'), ('confirm', '(kafka)', INTERVAL '1 hour'))
                                     AS owed (handler, owner, wait))
                SELECT COUNT(*) FROM paid
                """.formatted(orders, USERS);
    }
}
