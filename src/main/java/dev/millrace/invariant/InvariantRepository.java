package dev.millrace.invariant;

import static dev.millrace.shared.Rows.required;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.r2dbc.core.DatabaseClient.GenericExecuteSpec;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Mono;

@Repository
@RequiredArgsConstructor
class InvariantRepository {

    private static final int SAMPLE = 5;

    private static final String COUNT_AND_SAMPLE =
            "SELECT COUNT(*) OVER () AS violations, CAST(id AS VARCHAR(40)) AS sample FROM (%s) v ORDER BY id LIMIT "
                    + SAMPLE;

    private final DatabaseClient database;

    private record Violation(long violations, String sample) {}

    /** Looks for violations after the mark, in one statement and so in one state of the database. */
    Mono<CheckResult> check(Invariant invariant, Watermark since, Instant settled) {
        String sql = COUNT_AND_SAMPLE.formatted(invariant.violations());
        return bind(sql, since, settled)
                .map(row ->
                        new Violation(required(row, "violations", Long.class), required(row, "sample", String.class)))
                .all()
                .collectList()
                .map(violations -> toResult(invariant.name(), violations));
    }

    Mono<Watermark> findWatermark(String name) {
        return database.sql("SELECT mark FROM invariant_watermark WHERE name = :name")
                .bind("name", name)
                .map(row -> new Watermark(required(row, "mark", Instant.class)))
                .one();
    }

    Mono<Void> saveWatermark(String name, Watermark watermark) {
        return setWatermark("UPDATE invariant_watermark SET mark = :mark WHERE name = :name", name, watermark)
                .filter(rows -> rows == 0)
                .flatMap(none -> setWatermark(
                        "INSERT INTO invariant_watermark (name, mark) VALUES (:name, :mark) ON CONFLICT DO NOTHING",
                        name,
                        watermark))
                .then();
    }

    private Mono<Long> setWatermark(String sql, String name, Watermark watermark) {
        return database.sql(sql)
                .bind("name", name)
                .bind("mark", watermark.moment())
                .fetch()
                .rowsUpdated();
    }

    private GenericExecuteSpec bind(String sql, Watermark since, Instant settled) {
        GenericExecuteSpec bound = database.sql(sql);
        bound = sql.contains(":since") ? bound.bind("since", since.firstId()) : bound;
        bound = sql.contains(":before") ? bound.bind("before", sameTransaction(since)) : bound;
        bound = sql.contains(":settled") ? bound.bind("settled", settled) : bound;
        Watermark hour = since.truncatedTo(ChronoUnit.HOURS);
        bound = sql.contains(":first") ? bound.bind("first", hour.firstId()) : bound;
        return sql.contains(":hour") ? bound.bind("hour", hour.moment()) : bound;
    }

    /** What was written together with the first row after the mark may have drawn its id just before it. */
    private static UUID sameTransaction(Watermark since) {
        return since.minus(Invariants.TRANSACTION).firstId();
    }

    private static CheckResult toResult(String name, List<Violation> found) {
        long violations = found.isEmpty() ? 0 : found.get(0).violations();
        return new CheckResult(
                name,
                violations == 0,
                violations,
                found.stream().map(Violation::sample).toList());
    }
}
