package dev.millrace.harness;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.springframework.r2dbc.core.DatabaseClient;

/** Looks into the tables, for what no answer over HTTP says. */
public class Ledger {

    private final DatabaseClient database;

    Ledger(DatabaseClient database) {
        this.database = database;
    }

    public long paymentsOf(UUID orderId) {
        return count("SELECT COUNT(*) FROM payment WHERE order_id = :id", orderId);
    }

    public long entriesOf(long userId) {
        return count("SELECT COUNT(*) FROM balance_entry WHERE user_id = :id", userId);
    }

    /** The wire names of what has happened to the aggregate, in order. */
    public List<String> eventsOf(UUID aggregateId) {
        return all("SELECT type FROM event WHERE aggregate_id = :id ORDER BY sequence", aggregateId, String.class);
    }

    public long deliveriesOf(UUID aggregateId) {
        return count("SELECT COUNT(*) FROM delivery WHERE aggregate_id = :id", aggregateId);
    }

    public List<String> handlersOwed(UUID aggregateId) {
        return all("SELECT handler FROM delivery WHERE aggregate_id = :id ORDER BY handler", aggregateId, String.class);
    }

    public Instant nextAttemptAt(UUID aggregateId) {
        return all("SELECT next_attempt_at FROM delivery WHERE aggregate_id = :id", aggregateId, Instant.class)
                .get(0);
    }

    public long count(String sql, Object id) {
        return all(sql, id, Long.class).get(0);
    }

    private <T> List<T> all(String sql, Object id, Class<T> type) {
        return Shop.now(database.sql(sql)
                .bind("id", id)
                .map(row -> Objects.requireNonNull(row.get(0, type)))
                .all()
                .collectList());
    }
}
