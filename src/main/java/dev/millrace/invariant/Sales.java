package dev.millrace.invariant;

import java.time.Duration;
import java.time.temporal.ChronoUnit;

/** The check of the ranking, which is long enough to stand alone. */
final class Sales {

    /** Only the last refund of an order takes its sales back; the deliveries of the others say nothing about them. */
    private static final String TAKING_BACK_IS_OWED_OR_DROPPED = """
            EXISTS (SELECT 1 FROM event r
                     WHERE r.aggregate_id = o.id AND r.type LIKE 'payment.refunded.%'
                       AND NOT EXISTS (SELECT 1 FROM event later
                                        WHERE later.aggregate_id = o.id AND later.sequence > r.sequence
                                          AND later.type LIKE 'payment.refunded.%')
                       AND (EXISTS (SELECT 1 FROM delivery d
                                     WHERE d.aggregate_id = r.aggregate_id AND d.handler = 'ranking'
                                       AND d.sequence = r.sequence)
                            OR EXISTS (SELECT 1 FROM delivery_attempt a
                                        WHERE a.event_id = r.id AND a.handler = 'ranking'
                                          AND a.outcome = 'DISCARDED')))
            """;

    private static final String COUNTING_IS_OWED_OR_DROPPED = """
            EXISTS (SELECT 1 FROM delivery d
                     WHERE d.aggregate_id = s.aggregate_id AND d.handler = 'ranking' AND d.sequence = s.sequence)
            OR EXISTS (SELECT 1 FROM delivery_attempt a
                        WHERE a.event_id = s.id AND a.handler = 'ranking' AND a.outcome = 'DISCARDED')
            """;

    /**
     * Compares the hours of the ranking with the lines of the orders confirmed in them. A sale counts once its delivery is
     * handled, and until its refund is. Hours are compared whole: a sale has been taken in and taken back in the hour of its
     * confirmation, so an hour stays comparable however late a refund comes. A refund that comes after its hour was left
     * behind is not looked at.
     */
    private static final String RANKING_DIFFERS =
            """
            SELECT product_id AS id
              FROM (SELECT product_id, quantity, revenue FROM product_sales WHERE sold_hour >= :start AND sold_hour < :end
                    UNION ALL
                    SELECT i.product_id,
                           -i.quantity * c.counted,
                           -CAST(i.quantity AS NUMERIC(38)) * i.unit_price * c.counted
                      FROM (SELECT o.id,
                                   CASE WHEN %s THEN 0 ELSE 1 END
                                   - CASE WHEN o.status <> 'REFUNDED' OR %s THEN 0 ELSE 1 END AS counted
                              FROM event s
                              JOIN orders o ON o.id = s.aggregate_id
                             WHERE s.id >= :before AND s.id < :after
                               AND s.type LIKE 'product.sales-rank-recorded.%%'
                               AND o.confirmed_at >= :start AND o.confirmed_at < :end) c
                      JOIN order_item i ON i.order_id = c.id) differences
             GROUP BY product_id
            HAVING SUM(quantity) <> 0 OR SUM(revenue) <> 0
            """.formatted(COUNTING_IS_OWED_OR_DROPPED, TAKING_BACK_IS_OWED_OR_DROPPED);

    static final Invariant RANKING = new Invariant(
            "ranking-is-what-was-confirmed",
            "ranking-is-what-was-confirmed",
            "event",
            ChronoUnit.HOURS,
            Duration.ofHours(2),
            true,
            RANKING_DIFFERS);

    private Sales() {}
}
