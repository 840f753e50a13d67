package dev.millrace.bench;

import dev.millrace.bench.PostgresServer.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.HdrHistogram.Histogram;

/**
 * When orders were exported, by the events that say so. An event carries the time at which the platform had taken the order,
 * a moment before the commit that records it.
 *
 * @param first number of those that were paid in one turn
 */
record Exports(Orders orders, long first, long last) {

    private static final String EXPORTED = """
            SELECT CAST(RIGHT(CAST(aggregate_id AS VARCHAR), %d) AS BIGINT),
                   CAST(EXTRACT(EPOCH FROM occurred_at) * 1000000 AS BIGINT)
              FROM event
             WHERE type = 'order.exported.v1' AND aggregate_id BETWEEN '%s' AND '%s'
            """;

    /** In microseconds since each payment was due. */
    Histogram latency(Database database, Instant start, Pace pace) throws SQLException {
        Histogram latency = new Histogram(3);
        long begun = ChronoUnit.MICROS.between(Instant.EPOCH, start);
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet rows =
                        statement.executeQuery(EXPORTED.formatted(Orders.DIGITS, orders.id(first), orders.id(last)))) {
            while (rows.next()) {
                long due = begun + pace.due(rows.getLong(1) - first, 0) / 1_000;
                latency.recordValue(Math.max(rows.getLong(2) - due, 1));
            }
        }
        if (latency.getTotalCount() != last - first + 1) {
            throw new IllegalStateException("Not every order was exported once");
        }
        return latency;
    }
}
