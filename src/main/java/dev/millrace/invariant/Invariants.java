package dev.millrace.invariant;

import java.time.Duration;
import java.util.List;

/**
 * What must hold after any crash, race or failure.
 *
 * <p>Each query looks only at what was added after the last time it found nothing wrong, by ids of version 7, which carry
 * their time; so its cost depends on what happened since, not on how much was ever stored.
 */
final class Invariants {

    /** Longer than any transaction runs: ids are drawn before their rows are seen. */
    static final Duration TRANSACTION = Duration.ofMinutes(2);

    private static final String BALANCE_IS_ITS_LAST_ENTRY = """
            SELECT b.user_id AS id
              FROM (SELECT user_id FROM balance_entry WHERE id > :since GROUP BY user_id) touched
              JOIN balance b ON b.user_id = touched.user_id
              LEFT JOIN balance_entry last ON last.user_id = b.user_id AND last.sequence = b.version
             WHERE last.balance_after IS NULL OR last.balance_after <> b.amount OR b.amount < 0
            """;

    /** By induction: if each entry continues the one before, the last one is the sum of all. */
    private static final String ENTRY_CONTINUES_THE_ONE_BEFORE = """
            SELECT e.id
              FROM balance_entry e
              LEFT JOIN balance_entry p ON p.user_id = e.user_id AND p.sequence = e.sequence - 1
             WHERE e.id > :since
               AND (e.balance_after < 0
                    OR e.balance_after <> COALESCE(p.balance_after, 0) + e.amount
                    OR (e.sequence > 1 AND p.id IS NULL))
            """;

    /** Both sides are read once and laid side by side: a join of them would be read again for each payment. */
    private static final String PAYMENT_HAS_ONE_DEBIT = """
            SELECT id
              FROM (SELECT id, amount, 1 AS payments, 0 AS debits FROM payment WHERE id > :since
                    UNION ALL
                    SELECT reference, amount, 0, 1 FROM balance_entry WHERE id > :before AND type = 'PAYMENT') both_sides
             GROUP BY id
            HAVING SUM(payments) = 1 AND (SUM(debits) <> 1 OR SUM(amount) <> 0)
            """;

    private static final String DEBIT_HAS_A_PAYMENT = """
            SELECT e.id FROM balance_entry e
             WHERE e.id > :since AND e.type = 'PAYMENT'
               AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.id = e.reference)
            """;

    private static final String REFUNDS_NEVER_EXCEED_THE_PAYMENT = """
            SELECT p.id
              FROM (SELECT payment_id FROM refund WHERE id > :since GROUP BY payment_id) touched
              JOIN payment p ON p.id = touched.payment_id
             WHERE p.refunded_amount > p.amount
                OR p.refunded_amount <> (SELECT SUM(r.amount) FROM refund r WHERE r.payment_id = p.id)
            """;

    private static final String REFUND_IS_CREDITED_ONCE = """
            SELECT id
              FROM (SELECT id, amount, 1 AS refunds, 0 AS credits FROM refund WHERE id > :since
                    UNION ALL
                    SELECT reference, -amount, 0, 1 FROM balance_entry WHERE id > :before AND type = 'REFUND') both_sides
             GROUP BY id
            HAVING SUM(refunds) = 1 AND (SUM(credits) <> 1 OR SUM(amount) <> 0)
            """;

    private static final String CONFIRMED_ORDER_HAS_A_LIVE_PAYMENT = """
            SELECT o.id
              FROM (SELECT aggregate_id FROM event
                     WHERE id > :since AND type IN ('order.export-requested.v1', 'payment.refunded.v1')
                     GROUP BY aggregate_id) touched
              JOIN orders o ON o.id = touched.aggregate_id
              LEFT JOIN payment p ON p.order_id = o.id
             WHERE (o.status = 'CONFIRMED' AND (p.id IS NULL OR p.status = 'REFUNDED'))
                OR (o.status = 'REFUNDED' AND (p.id IS NULL OR p.status <> 'REFUNDED'))
            """;

    private static final String FAILED_CONFIRMATION_IS_REFUNDED = """
            SELECT o.id
              FROM event e
              JOIN orders o ON o.id = e.aggregate_id
              JOIN payment p ON p.order_id = o.id
             WHERE e.id > :since AND e.type LIKE 'order.confirmation-failed.%' AND e.occurred_at < :settled
               AND o.status NOT IN ('CONFIRMED', 'REFUNDED') AND p.status <> 'REFUNDED'
            """;

    /** A paid order is confirmed, or its money is back, or its confirmation or its compensation is still owed. */
    private static final String PAID_ORDER_IS_DECIDED_OR_OWED = """
            SELECT o.id
              FROM event e
              JOIN orders o ON o.id = e.aggregate_id
              LEFT JOIN payment p ON p.order_id = o.id
             WHERE e.id > :since AND e.type LIKE 'order.confirmed.%'
               AND o.status <> 'CONFIRMED' AND (p.id IS NULL OR p.status <> 'REFUNDED')
               AND NOT EXISTS (SELECT 1 FROM delivery d
                                WHERE d.aggregate_id = e.aggregate_id AND d.handler IN ('confirm', 'compensate'))
            """;

    /** The export of an order or a refund has been recorded as done, or dropped by an operator, or is still owed. */
    private static final String EXPORT_IS_DONE_OR_OWED = """
            SELECT e.id
              FROM event e
             WHERE e.id > :since
               AND (e.type LIKE 'order.export-requested.%' OR e.type LIKE 'payment.refunded.%')
               AND NOT EXISTS (SELECT 1 FROM event done
                                WHERE done.aggregate_id = e.aggregate_id AND done.causation_id = e.id
                                  AND (done.type LIKE 'order.exported.%' OR done.type LIKE 'refund.exported.%'))
               AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.id AND d.handler = 'export')
               AND NOT EXISTS (SELECT 1 FROM delivery_attempt a
                                WHERE a.event_id = e.id AND a.handler = 'export' AND a.outcome = 'DISCARDED')
            """;

    private static final String SEQUENCES_HAVE_NO_GAP = """
            SELECT e.aggregate_id AS id FROM event e
             WHERE e.id > :since AND e.sequence > 1
               AND NOT EXISTS (SELECT 1 FROM event p
                                WHERE p.aggregate_id = e.aggregate_id AND p.sequence = e.sequence - 1)
            """;

    private Invariants() {}

    static List<Invariant> all(Duration compensationDeadline) {
        return List.of(
                new Invariant("balance-is-its-last-entry", TRANSACTION, BALANCE_IS_ITS_LAST_ENTRY),
                new Invariant("entry-continues-the-one-before", TRANSACTION, ENTRY_CONTINUES_THE_ONE_BEFORE),
                new Invariant("payment-has-one-debit", TRANSACTION, PAYMENT_HAS_ONE_DEBIT),
                new Invariant("debit-has-a-payment", TRANSACTION, DEBIT_HAS_A_PAYMENT),
                new Invariant("refunds-never-exceed-the-payment", TRANSACTION, REFUNDS_NEVER_EXCEED_THE_PAYMENT),
                new Invariant("refund-is-credited-once", TRANSACTION, REFUND_IS_CREDITED_ONCE),
                new Invariant("confirmed-order-has-a-live-payment", TRANSACTION, CONFIRMED_ORDER_HAS_A_LIVE_PAYMENT),
                new Invariant(
                        "failed-confirmation-is-refunded",
                        compensationDeadline.plus(TRANSACTION),
                        FAILED_CONFIRMATION_IS_REFUNDED),
                new Invariant("paid-order-is-decided-or-owed", Duration.ofDays(1), PAID_ORDER_IS_DECIDED_OR_OWED),
                new Invariant("export-is-done-or-owed", Duration.ofDays(1), EXPORT_IS_DONE_OR_OWED),
                new Invariant("event-sequences-have-no-gap", TRANSACTION, SEQUENCES_HAVE_NO_GAP),
                new Invariant("ranking-is-what-was-confirmed", Duration.ofHours(2), Sales.RANKING_DIFFERS));
    }
}
