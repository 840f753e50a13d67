package dev.millrace.event;

import com.fasterxml.uuid.NoArgGenerator;
import java.time.Instant;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Mono;

/** The history of deliveries that did not just succeed: what failed, and what an operator did about it. */
@Repository
@RequiredArgsConstructor
class AttemptRepository {

    /** What became of an attempt, or what an operator did. */
    enum Outcome {
        FAILED,
        GIVEN_UP,
        REDRIVEN,
        DISCARDED
    }

    private static final String INSERT = """
            INSERT INTO delivery_attempt (id, delivery_id, attempt, outcome, reason, at)
            VALUES (:id, :delivery, :attempt, :outcome, :reason, :at)
            """;

    private static final String PURGE = """
            DELETE FROM delivery_attempt WHERE id IN
                (SELECT a.id FROM delivery_attempt a
                  WHERE a.at < :before AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.id = a.delivery_id)
                  ORDER BY a.at LIMIT :limit)
            """;

    private final DatabaseClient database;
    private final NoArgGenerator uuids;

    Mono<Void> insert(UUID deliveryId, int attempt, Outcome outcome, String reason, Instant at) {
        return database.sql(INSERT)
                .bind("id", uuids.generate())
                .bind("delivery", deliveryId)
                .bind("attempt", attempt)
                .bind("outcome", outcome.name())
                .bind("reason", reason)
                .bind("at", at)
                .then();
    }

    /** Forgets what is older than that, of deliveries that are settled. */
    Mono<Long> purge(Instant before, int limit) {
        return database.sql(PURGE)
                .bind("before", before)
                .bind("limit", limit)
                .fetch()
                .rowsUpdated();
    }
}
