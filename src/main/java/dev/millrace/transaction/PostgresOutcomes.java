package dev.millrace.transaction;

import static dev.millrace.shared.Rows.required;

import dev.millrace.transaction.Commit.Outcome;
import lombok.RequiredArgsConstructor;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Mono;

/**
 * PostgreSQL's own, asked by the transaction's id. The id alone would not do: a crash forgets ids that were given but not yet
 * written to disk, and the server gives them again, so that a commit that was lost would be taken for somebody else's. After a
 * crash or a restart nothing is said.
 *
 * @see <a href="https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT">Transaction ID and
 *     Snapshot Information Functions</a>
 */
@RequiredArgsConstructor
final class PostgresOutcomes implements Outcomes {

    /** A crash resets the statistics, also one after which the server goes on by itself. */
    private static final String LIFE = "CONCAT_WS(' / ', pg_postmaster_start_time(), stats_reset)";

    /**
     * What is asked together is planned once for each connection and not each time, for as long as the transaction lasts. Such a
     * plan must be right for any size of the tables and the arrays, so it is left no choice: indexes, and a loop over them.
     */
    private static final String PLAN_ONCE = """
            set_config('plan_cache_mode', 'force_generic_plan', TRUE),
            set_config('enable_seqscan', 'off', TRUE),
            set_config('enable_hashjoin', 'off', TRUE)
            """;

    /** Nobody waits for it, so that what else a transaction begins with is part of it. */
    private static final String MARK = """
            SELECT CAST(pg_current_xact_id() AS VARCHAR) AS id, %s AS life, %s
              FROM pg_stat_bgwriter
            """.formatted(LIFE, PLAN_ONCE);

    private static final String FIND = """
            SELECT pg_xact_status(CAST(:id AS XID8)) AS status
              FROM pg_stat_bgwriter
             WHERE %s = :life
            """.formatted(LIFE);

    private final DatabaseClient database;

    @Override
    public Mono<Mark> mark() {
        return database.sql(MARK)
                .map(row -> new Mark(required(row, "id", String.class), required(row, "life", String.class)))
                .one();
    }

    @Override
    public Mono<Outcome> find(Mark mark) {
        return database.sql(FIND)
                .bind("id", mark.id())
                .bind("life", mark.life())
                .map(row -> String.valueOf(row.get("status", String.class)))
                .one()
                .defaultIfEmpty("another life")
                .flatMap(PostgresOutcomes::toOutcome);
    }

    private static Mono<Outcome> toOutcome(String status) {
        return switch (status) {
            case "in progress" -> Mono.empty();
            case "committed" -> Mono.just(Outcome.COMMITTED);
            case "aborted" -> Mono.just(Outcome.ABORTED);
            default -> Mono.just(Outcome.UNKNOWN);
        };
    }
}
