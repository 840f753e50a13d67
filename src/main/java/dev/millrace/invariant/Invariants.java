package dev.millrace.invariant;

import java.time.Duration;
import java.util.List;

/**
 * What must hold after any crash, race or failure.
 *
 * <p>Each query looks at one {@link Slice}, by ids of version 7, which carry their time; so its cost depends on how much that is,
 * not on how much was ever stored.
 */
final class Invariants {

    /** Longer than any transaction runs: ids are drawn before their rows are seen. */
    static final Duration TRANSACTION = Duration.ofMinutes(2);

    /** As long as a transaction runs that nothing holds up. */
    static final Duration NEAR = Duration.ofSeconds(5);

    private static final Duration DAY = Duration.ofDays(1);

    private static final String BALANCE_IS_ITS_LAST_ENTRY = """
            SELECT b.user_id AS id
              FROM (SELECT user_id FROM %s s GROUP BY user_id) touched
              JOIN balance b ON b.user_id = touched.user_id
             WHERE b.amount < 0
                OR (b.amount = (SELECT last.balance_after FROM balance_entry last
                                 WHERE last.user_id = b.user_id AND last.sequence = b.version)) IS NOT TRUE
            """.formatted(slice("balance_entry", "user_id"));

    /** By induction: if each entry continues the one before, the last one is the sum of all. */
    private static final String ENTRY_CONTINUES_THE_ONE_BEFORE =
            """
            SELECT e.id
              FROM %s e
             WHERE e.balance_after < 0
                OR (e.balance_after - e.amount =
                    CASE WHEN e.sequence = 1 THEN 0
                         ELSE (SELECT p.balance_after FROM balance_entry p
                                WHERE p.user_id = e.user_id AND p.sequence = e.sequence - 1) END) IS NOT TRUE
            """.formatted(slice("balance_entry", "id, user_id, sequence, amount, balance_after"));

    /**
     * Both sides are read once and laid side by side: a join of them would be read again for each payment. Of what one of both
     * is in the slice, the other is there, too, or near it.
     */
    private static final String PAIRS = """
            SELECT id
              FROM (SELECT id, amount, 1 AS causes, 0 AS entries, CASE WHEN %3$s THEN 1 ELSE 0 END AS inside
                      FROM %1$s WHERE id >= :before AND id < :after
                    UNION ALL
                    SELECT reference, amount * %4$s, 0, 1, CASE WHEN %3$s THEN 1 ELSE 0 END
                      FROM balance_entry
                     WHERE id >= :before AND id < :after AND type = '%2$s' AND reference IS NOT NULL) both_sides
             GROUP BY id
            HAVING SUM(inside) > 0 AND (SUM(causes) <> 1 OR SUM(entries) <> 1 OR SUM(amount) <> 0)
            """;

    private static final String INSIDE = "id >= :from AND id < :until";

    private static final String PAYMENT_HAS_ONE_DEBIT = PAIRS.formatted("payment", "PAYMENT", INSIDE, 1);

    private static final String REFUND_IS_CREDITED_ONCE = PAIRS.formatted("refund", "REFUND", INSIDE, -1);

    private static final String DEBIT_HAS_A_PAYMENT = """
            SELECT e.id FROM %s e
             WHERE e.type = 'PAYMENT' AND (SELECT p.id FROM payment p WHERE p.id = e.reference) IS NULL
            """.formatted(slice("balance_entry", "id, type, reference"));

    private static final String REFUNDS_NEVER_EXCEED_THE_PAYMENT = """
            SELECT p.id
              FROM (SELECT payment_id FROM %s s GROUP BY payment_id) touched
              JOIN payment p ON p.id = touched.payment_id
             WHERE p.refunded_amount > p.amount
                OR p.refunded_amount <> (SELECT SUM(r.amount) FROM refund r WHERE r.payment_id = p.id)
            """.formatted(slice("refund", "payment_id"));

    private static final String CONFIRMED_ORDER_HAS_A_LIVE_PAYMENT =
            """
            SELECT id
              FROM (SELECT s.aggregate_id AS id,
                           (SELECT o.status FROM orders o WHERE o.id = s.aggregate_id) AS order_status,
                           (SELECT p.status FROM payment p WHERE p.order_id = s.aggregate_id) AS payment_status
                      FROM %s s
                     WHERE s.type IN ('order.export-requested.v1', 'payment.refunded.v1')
                     GROUP BY s.aggregate_id) touched
             WHERE (order_status = 'CONFIRMED' AND COALESCE(payment_status, 'REFUNDED') = 'REFUNDED')
                OR (order_status = 'REFUNDED' AND COALESCE(payment_status, '') <> 'REFUNDED')
            """.formatted(slice("event", "aggregate_id, type"));

    private static final String FAILED_CONFIRMATION_IS_REFUNDED = """
            SELECT o.id
              FROM %s e
              JOIN orders o ON o.id = e.aggregate_id
              JOIN payment p ON p.order_id = o.id
             WHERE e.type LIKE 'order.confirmation-failed.%%'
               AND o.status NOT IN ('CONFIRMED', 'REFUNDED') AND p.status <> 'REFUNDED'
            """.formatted(slice("event", "aggregate_id, type"));

    /** A paid order is confirmed, or its money is back, or its confirmation or its compensation is still owed. */
    private static final String PAID_ORDER_IS_DECIDED_OR_OWED = """
            SELECT e.aggregate_id AS id
              FROM %s e
             WHERE e.type LIKE 'order.confirmed.%%'
               AND (SELECT o.status FROM orders o WHERE o.id = e.aggregate_id) <> 'CONFIRMED'
               AND COALESCE((SELECT p.status FROM payment p WHERE p.order_id = e.aggregate_id), '') <> 'REFUNDED'
               AND (SELECT COUNT(*) FROM delivery d
                     WHERE d.aggregate_id = e.aggregate_id AND d.handler IN ('confirm', 'compensate')) = 0
            """.formatted(slice("event", "aggregate_id, type"));

    /** The export of an order or a refund has been recorded as done, or dropped by an operator, or is still owed. */
    private static final String EXPORT_IS_DONE_OR_OWED =
            """
            SELECT e.id
              FROM %s e
             WHERE (e.type LIKE 'order.export-requested.%%' OR e.type LIKE 'payment.refunded.%%')
               AND (SELECT COUNT(*) FROM event done
                     WHERE done.aggregate_id = e.aggregate_id AND done.causation_id = e.id
                       AND (done.type LIKE 'order.exported.%%' OR done.type LIKE 'refund.exported.%%')) = 0
               AND (SELECT COUNT(*) FROM delivery d
                     WHERE d.aggregate_id = e.aggregate_id AND d.handler = 'export' AND d.sequence = e.sequence) = 0
               AND (SELECT COUNT(*) FROM delivery_attempt a
                     WHERE a.event_id = e.id AND a.handler = 'export' AND a.outcome = 'DISCARDED') = 0
            """.formatted(slice("event", "id, aggregate_id, sequence, type"));

    private static final String SEQUENCES_HAVE_NO_GAP = """
            SELECT e.aggregate_id AS id FROM %s e
             WHERE e.sequence > 1
               AND (SELECT p.sequence FROM event p
                     WHERE p.aggregate_id = e.aggregate_id AND p.sequence = e.sequence - 1) IS NULL
            """.formatted(slice("event", "aggregate_id, sequence"));

    private Invariants() {}

    static List<Invariant> all(Duration compensationDeadline) {
        Invariant paid = Invariant.always("paid-order-is-decided-or-owed", "event", PAID_ORDER_IS_DECIDED_OR_OWED);
        Invariant export = Invariant.always("export-is-done-or-owed", "event", EXPORT_IS_DONE_OR_OWED);
        return List.of(
                Invariant.always("balance-is-its-last-entry", "balance_entry", BALANCE_IS_ITS_LAST_ENTRY),
                Invariant.always("entry-continues-the-one-before", "balance_entry", ENTRY_CONTINUES_THE_ONE_BEFORE),
                Invariant.always("payment-has-one-debit", "balance_entry", PAYMENT_HAS_ONE_DEBIT),
                Invariant.always("debit-has-a-payment", "balance_entry", DEBIT_HAS_A_PAYMENT),
                Invariant.always("refunds-never-exceed-the-payment", "refund", REFUNDS_NEVER_EXCEED_THE_PAYMENT),
                Invariant.always("refund-is-credited-once", "balance_entry", REFUND_IS_CREDITED_ONCE),
                Invariant.always("confirmed-order-has-a-live-payment", "event", CONFIRMED_ORDER_HAS_A_LIVE_PAYMENT),
                Invariant.after(
                        compensationDeadline.plus(TRANSACTION),
                        "failed-confirmation-is-refunded",
                        "event",
                        FAILED_CONFIRMATION_IS_REFUNDED),
                paid,
                paid.againAfter(DAY),
                export,
                export.againAfter(DAY),
                Invariant.always("event-sequences-have-no-gap", "event", SEQUENCES_HAVE_NO_GAP),
                Sales.RANKING);
    }

    /**
     * The rows of a slice. That they are few is also said by a number, as the database cannot tell from their ids. What is to
     * be there with them is asked for row by row, in subqueries: for a join it may think it quicker to read all of the other
     * table.
     */
    private static String slice(String table, String columns) {
        return "(SELECT %s FROM %s WHERE id >= :from AND id < :until ORDER BY id LIMIT :most)"
                .formatted(columns, table);
    }
}
