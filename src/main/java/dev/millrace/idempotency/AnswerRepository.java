package dev.millrace.idempotency;

import static dev.millrace.shared.Rows.required;

import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import lombok.RequiredArgsConstructor;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.r2dbc.core.DatabaseClient.GenericExecuteSpec;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Mono;

@Repository
@RequiredArgsConstructor
class AnswerRepository {

    private static final String INSERT = """
            INSERT INTO idempotency_key (caller, operation, idempotency_key, fingerprint, status, location, body, created_at)
            VALUES (:caller, :operation, :key, :fingerprint, :status, :location, :body, :now)
            ON CONFLICT DO NOTHING
            """;

    private static final String FIND = """
            SELECT fingerprint, status, location, body FROM idempotency_key
             WHERE caller = :caller AND operation = :operation AND idempotency_key = :key
            """;

    private static final String PURGE = """
            DELETE FROM idempotency_key WHERE (caller, operation, idempotency_key) IN
                (SELECT caller, operation, idempotency_key FROM idempotency_key
                  WHERE created_at < :before ORDER BY created_at LIMIT :limit)
            """;

    private final DatabaseClient database;

    /** Keeps the answer under its key; false if the key has one already. */
    Mono<Boolean> insert(KeyScope scope, StoredAnswer stored, Instant now) {
        Answer answer = stored.answer();
        return bind(database.sql(INSERT), scope)
                .bind("fingerprint", stored.fingerprint())
                .bind("status", answer.status())
                .bind("location", answer.location() == null ? Parameters.in(String.class) : answer.location())
                .bind("body", answer.body())
                .bind("now", now)
                .fetch()
                .rowsUpdated()
                .map(rows -> rows == 1);
    }

    Mono<StoredAnswer> find(KeyScope scope) {
        return bind(database.sql(FIND), scope)
                .map(AnswerRepository::toStoredAnswer)
                .one();
    }

    Mono<Long> purge(Instant before, int limit) {
        return database.sql(PURGE)
                .bind("before", before)
                .bind("limit", limit)
                .fetch()
                .rowsUpdated();
    }

    private static GenericExecuteSpec bind(GenericExecuteSpec sql, KeyScope scope) {
        return sql.bind("caller", scope.caller())
                .bind("operation", scope.operation())
                .bind("key", scope.key());
    }

    private static StoredAnswer toStoredAnswer(Readable row) {
        Answer answer = new Answer(
                required(row, "status", Integer.class),
                row.get("location", String.class),
                required(row, "body", String.class));
        return new StoredAnswer(required(row, "fingerprint", String.class), answer);
    }
}
