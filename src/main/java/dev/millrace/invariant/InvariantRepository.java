package dev.millrace.invariant;

import static dev.millrace.shared.Rows.required;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Mono;

@Repository
@RequiredArgsConstructor
class InvariantRepository {

    private static final String COUNT_AND_SAMPLE = "SELECT COUNT(*) OVER () AS violations, "
            + "CAST(id AS VARCHAR(40)) AS sample FROM (%s) v ORDER BY id LIMIT 5";

    /** Reads nothing but the index. */
    private static final String NEXT =
            "SELECT id FROM %s WHERE id >= :from AND id < :until ORDER BY id LIMIT 1 OFFSET :rows";

    private final DatabaseClient database;

    private record Violation(long violations, String sample) {}

    /** So many rows at most, and fewer only at the limit or where a unit of time ends. */
    Mono<Slice> findNext(Invariant invariant, Watermark from, Watermark limit, int rows) {
        return database.sql(NEXT.formatted(invariant.table()))
                .bind("from", from.firstId())
                .bind("until", limit.firstId())
                .bind("rows", rows)
                .map(row -> required(row, "id", UUID.class))
                .one()
                .map(next -> Slice.before(next, from, invariant, rows))
                .defaultIfEmpty(new Slice(from, limit, rows));
    }

    /** What belongs together is nearly always close together; only if it does not seem so, more is read. */
    Mono<Found> check(Invariant invariant, Slice slice) {
        return check(invariant, slice, Invariants.NEAR)
                .flatMap(found -> found.isNothing() || !invariant.hasMargins()
                        ? Mono.just(found)
                        : check(invariant, slice, Invariants.TRANSACTION));
    }

    private Mono<Found> check(Invariant invariant, Slice slice, Duration margin) {
        String sql = COUNT_AND_SAMPLE.formatted(invariant.violations());
        Map<String, Object> values = Map.of(
                "from", slice.from().firstId(),
                "until", slice.until().firstId(),
                "most", slice.most(),
                "start", slice.from().moment(),
                "end", slice.until().moment(),
                "before", slice.firstId(margin),
                "after", slice.endId(margin));
        return database.sql(sql)
                .bindValues(used(values, sql))
                .map(row ->
                        new Violation(required(row, "violations", Long.class), required(row, "sample", String.class)))
                .all()
                .collectList()
                .map(InvariantRepository::toFound);
    }

    Mono<Watermark> findWatermark(String name) {
        return database.sql("SELECT mark FROM invariant_watermark WHERE name = :name")
                .bind("name", name)
                .map(row -> new Watermark(required(row, "mark", Instant.class)))
                .one();
    }

    /** It never goes back, whoever else moves it. */
    Mono<Void> saveWatermark(String name, Watermark watermark) {
        return setWatermark(
                        "UPDATE invariant_watermark SET mark = :mark WHERE name = :name AND mark < :mark",
                        name,
                        watermark)
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

    private static Map<String, Object> used(Map<String, Object> values, String sql) {
        return values.entrySet().stream()
                .filter(value -> sql.contains(":" + value.getKey()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static Found toFound(List<Violation> found) {
        return found.isEmpty()
                ? Found.NOTHING
                : new Found(
                        found.get(0).violations(),
                        found.stream().map(Violation::sample).toList());
    }
}
