package dev.millrace.idempotency;

import static dev.millrace.shared.Rows.column;
import static dev.millrace.shared.Rows.required;

import dev.millrace.transaction.DeferredChange;
import dev.millrace.transaction.DeferredChange.Part;
import dev.millrace.transaction.JointStatement;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
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

    private static final String INSERT_ALL = """
            INSERT INTO idempotency_key (caller, operation, idempotency_key, fingerprint, status, location, body, created_at)
            SELECT * FROM UNNEST(CAST(:callers AS VARCHAR[]), CAST(:operations AS VARCHAR[]), CAST(:keys AS VARCHAR[]),
                                 CAST(:fingerprints AS VARCHAR[]), CAST(:answerStatuses AS INTEGER[]),
                                 CAST(:locations AS VARCHAR[]), CAST(:bodies AS VARCHAR[]),
                                 CAST(:answeredAt AS TIMESTAMPTZ[]))
            ON CONFLICT DO NOTHING
            RETURNING 1
            """;

    /** The limit has each key looked up by itself, however few the database believes there to be. */
    private static final String FIND_ALL = """
            SELECT k.caller, k.operation, k.idempotency_key, k.fingerprint, k.status, k.location, k.body
              FROM UNNEST(CAST(:callers AS VARCHAR[]), CAST(:operations AS VARCHAR[]), CAST(:keys AS VARCHAR[]))
                   AS n (caller, operation, idempotency_key)
             CROSS JOIN LATERAL (
                   SELECT * FROM idempotency_key k
                    WHERE k.caller = n.caller AND k.operation = n.operation AND k.idempotency_key = n.idempotency_key
                    LIMIT 1) k
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

    private final JointStatement<KeyScope, StoredAnswer> find =
            JointStatement.read(this::findOne).together(Function.identity(), this::findAll);

    private final DeferredChange<NewAnswer> insert = DeferredChange.of(this::insertOne, AnswerRepository::insertAll);

    private record NewAnswer(KeyScope scope, StoredAnswer stored, Instant at) {

        Answer answer() {
            return stored.answer();
        }
    }

    /** Someone else stored an answer for the key first. */
    static final class KeyTaken extends RuntimeException {

        KeyTaken() {
            super(null, null, false, false);
        }
    }

    /** Keeps the answer under its key; fails with {@link KeyTaken} if the key has one already. */
    Mono<Void> insert(KeyScope scope, StoredAnswer stored, Instant now) {
        return insert.make(new NewAnswer(scope, stored, now));
    }

    Mono<StoredAnswer> find(KeyScope scope) {
        return find.ask(scope);
    }

    private Mono<Void> insertOne(NewAnswer row) {
        Answer answer = row.answer();
        return bind(database.sql(INSERT), row.scope())
                .bind("fingerprint", row.stored().fingerprint())
                .bind("status", answer.status())
                .bind("location", answer.location() == null ? Parameters.in(String.class) : answer.location())
                .bind("body", answer.body())
                .bind("now", row.at())
                .fetch()
                .rowsUpdated()
                .filter(rows -> rows == 1)
                .switchIfEmpty(Mono.error(KeyTaken::new))
                .then();
    }

    private static Part insertAll(List<NewAnswer> rows) {
        return Part.changing("answered", INSERT_ALL, rows.size())
                .bind("callers", column(rows, row -> row.scope().caller(), String[]::new))
                .bind("operations", column(rows, row -> row.scope().operation(), String[]::new))
                .bind("keys", column(rows, row -> row.scope().key(), String[]::new))
                .bind("fingerprints", column(rows, row -> row.stored().fingerprint(), String[]::new))
                .bind("answerStatuses", column(rows, row -> row.answer().status(), Integer[]::new))
                .bind("locations", column(rows, row -> row.answer().location(), String[]::new))
                .bind("bodies", column(rows, row -> row.answer().body(), String[]::new))
                .bind("answeredAt", column(rows, NewAnswer::at, Instant[]::new));
    }

    private Mono<StoredAnswer> findOne(KeyScope scope) {
        return bind(database.sql(FIND), scope)
                .map(AnswerRepository::toStoredAnswer)
                .one();
    }

    private Mono<Map<KeyScope, StoredAnswer>> findAll(List<KeyScope> scopes) {
        return bindAll(database.sql(FIND_ALL), scopes)
                .map(row -> Map.entry(toScope(row), toStoredAnswer(row)))
                .all()
                .collectMap(Map.Entry::getKey, Map.Entry::getValue);
    }

    private static GenericExecuteSpec bindAll(GenericExecuteSpec sql, List<KeyScope> scopes) {
        return sql.bind("callers", column(scopes, KeyScope::caller, String[]::new))
                .bind("operations", column(scopes, KeyScope::operation, String[]::new))
                .bind("keys", column(scopes, KeyScope::key, String[]::new));
    }

    private static KeyScope toScope(Readable row) {
        return new KeyScope(
                required(row, "caller", String.class),
                required(row, "operation", String.class),
                required(row, "idempotency_key", String.class));
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
