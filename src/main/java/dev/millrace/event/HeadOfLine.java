package dev.millrace.event;

/** The condition that nothing earlier of the same aggregate is owed to the same handler. */
enum HeadOfLine {

    /** A delivery that is dead holds back the later ones of its aggregate. */
    DEAD_HOLD_BACK(""),

    /** It does not. */
    DEAD_ARE_PASSED(" AND earlier.status <> 'DEAD'");

    private static final String NOTHING_EARLIER = """
            NOT EXISTS (SELECT 1 FROM delivery earlier
                         WHERE earlier.aggregate_id = delivery.aggregate_id
                           AND earlier.handler = delivery.handler
                           AND earlier.sequence < delivery.sequence%s)
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
