package dev.millrace.event;

/**
 * The condition that nothing earlier of the same aggregate is owed to the same handler.
 *
 * <p>What the database knows of a queue is often from a moment when that was empty, and a plan for an empty one reads all of the
 * queue for each delivery. So this is no join, which could be turned round; the order makes it take the index of these columns;
 * and that it may well be true, as the database takes it for a value of its own, has it stop at the first that are found.
 */
enum HeadOfLine {

    /** A delivery that is dead holds back the later ones of its aggregate. */
    DEAD_HOLD_BACK(""),

    /** It does not. */
    DEAD_ARE_PASSED(" AND earlier.status <> 'DEAD'");

    private static final String NOTHING_EARLIER = """
            COALESCE((SELECT FALSE FROM delivery earlier
                       WHERE earlier.aggregate_id = delivery.aggregate_id
                         AND earlier.handler = delivery.handler
                         AND earlier.sequence < delivery.sequence%s
                       ORDER BY earlier.aggregate_id, earlier.handler, earlier.sequence
                       LIMIT 1), TRUE)
            """;

    private final String condition;

    HeadOfLine(String earlier) {
        this.condition = NOTHING_EARLIER.formatted(earlier);
    }

    static HeadOfLine of(RetryPolicy policy) {
        return policy.holdsBack() ? DEAD_HOLD_BACK : DEAD_ARE_PASSED;
    }

    /** Puts the condition in the statement's only placeholder. */
    String in(String sql) {
        return sql.formatted(condition);
    }
}
