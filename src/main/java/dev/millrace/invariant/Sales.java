package dev.millrace.invariant;

/** The check of the ranking, which is long enough to stand alone. */
final class Sales {

    /**
     * Compares the hours of the ranking with the lines of the orders confirmed in them. A sale counts once its delivery is
     * handled, and until its refund is. Hours are compared whole, from the first full hour after the mark on.
     */
    static final String RANKING_DIFFERS = """
            SELECT product_id AS id
              FROM (SELECT product_id, quantity, revenue FROM product_sales WHERE sold_hour >= :hour
                    UNION ALL
                    SELECT i.product_id,
                           -i.quantity * o.counted,
                           -CAST(i.quantity AS NUMERIC(38)) * i.unit_price * o.counted
                      FROM (SELECT id, %s - %s AS counted FROM orders WHERE confirmed_at >= :hour) o
                      JOIN order_item i ON i.order_id = o.id) differences
             GROUP BY product_id
            HAVING SUM(quantity) <> 0 OR SUM(revenue) <> 0
            """.formatted(
                    "CASE WHEN " + owed("product.sales-rank-recorded.%") + " THEN 0 ELSE 1 END",
                    "CASE WHEN status <> 'REFUNDED' OR " + owed("payment.refunded.%") + " THEN 0 ELSE 1 END");

    private Sales() {}

    private static String owed(String eventType) {
        return "EXISTS (SELECT 1 FROM delivery d JOIN event e ON e.id = d.event_id"
                + " WHERE d.aggregate_id = orders.id AND d.handler = 'ranking' AND e.type LIKE '" + eventType + "')";
    }
}
