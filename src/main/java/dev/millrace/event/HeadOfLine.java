package dev.millrace.event;

/**
 * The condition that nothing earlier of the same aggregate is owed to the same handler: its delivery is the first one there.
 *
 * <p>The order makes the database take the index of these columns, as few rows as it may believe there to be. What it knows of
 * a queue is often from a moment when that was empty; a plan for an empty one reads all of the queue for each delivery.
 */
enum HeadOfLine {

    /** A delivery that is dead holds back the later ones of its aggregate. */
    DEAD_HOLD_BACK(""),

    /** It does not. */
    DEAD_ARE_PASSED(" AND head.status <> 'DEAD'");

    private static final String IS_HEAD = """
            delivery.id = (SELECT head.id FROM delivery head
                            WHERE head.aggregate_id = delivery.aggregate_id AND head.handler = delivery.handler%s
                            ORDER BY head.aggregate_id, head.handler, head.sequence
                            LIMIT 1)
            """;

    private final String condition;

    HeadOfLine(String heads) {
        this.condition = IS_HEAD.formatted(heads);
    }

    static HeadOfLine of(RetryPolicy policy) {
        return policy.holdsBack() ? DEAD_HOLD_BACK : DEAD_ARE_PASSED;
    }

    /** Puts the condition in the statement's only placeholder. */
    String in(String sql) {
        return sql.formatted(condition);
    }
}
