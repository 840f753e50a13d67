package dev.millrace.event;

import static dev.millrace.shared.Rows.required;

import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.event.DeliveryAdminRepository.Dead;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Flux;
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
            INSERT INTO delivery_attempt (id, delivery_id, event_id, handler, attempt, outcome, reason, at)
            VALUES (:id, :delivery, :event, :handler, :attempt, :outcome, :reason, :at)
            """;

    private static final String INSERT_ALL = """
            INSERT INTO delivery_attempt (id, delivery_id, event_id, handler, attempt, outcome, reason, at)
            SELECT past.id, d.id, d.event_id, d.handler, past.attempt, :outcome, :reason, :at
              FROM UNNEST(CAST(:ids AS UUID ARRAY), CAST(:deliveries AS UUID ARRAY), CAST(:attempts AS INTEGER ARRAY))
                   AS past (id, delivery_id, attempt)
              JOIN delivery d ON d.id = past.delivery_id
            """;

    private static final String LIST = """
            SELECT attempt, outcome, reason, at
              FROM (SELECT * FROM delivery_attempt WHERE delivery_id = :delivery ORDER BY id DESC LIMIT :rows) AS latest
             ORDER BY id
            """;

    private static final int MAX_HISTORY = 200;

    private static final String PURGE = """
            DELETE FROM delivery_attempt WHERE id IN
                (SELECT a.id FROM delivery_attempt a
                  WHERE a.at < :before AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.id = a.delivery_id)
                  ORDER BY a.at LIMIT :limit)
            """;

    private final DatabaseClient database;
    private final NoArgGenerator uuids;

    Mono<Void> insert(Delivery delivery, Outcome outcome, String reason, Instant at) {
        UUID eventId = delivery.event().id();
        return insert(delivery.id(), eventId, delivery.handler(), delivery.attempts(), outcome, reason, at);
    }

    Mono<Void> insert(OwedDelivery delivery, Outcome outcome, String reason, Instant at) {
        return insert(delivery.id(), delivery.eventId(), delivery.handler(), delivery.attempts(), outcome, reason, at);
    }

    private Mono<Void> insert(
            UUID id, UUID eventId, String handler, int attempt, Outcome outcome, String reason, Instant at) {
        return database.sql(INSERT)
                .bind("id", uuids.generate())
                .bind("delivery", id)
                .bind("event", eventId)
                .bind("handler", handler)
                .bind("attempt", attempt)
                .bind("outcome", outcome.name())
                .bind("reason", reason)
                .bind("at", at)
                .then();
    }

    /** Records the same for each of the deliveries that are still owed. */
    Mono<Void> insertAll(List<Dead> deliveries, Outcome outcome, String reason, Instant at) {
        return database.sql(INSERT_ALL)
                .bind("ids", deliveries.stream().map(dead -> uuids.generate()).toArray(UUID[]::new))
                .bind("deliveries", deliveries.stream().map(Dead::id).toArray(UUID[]::new))
                .bind("attempts", deliveries.stream().map(Dead::attempts).toArray(Integer[]::new))
                .bind("outcome", outcome.name())
                .bind("reason", reason)
                .bind("at", at)
                .then();
    }

    /** The history of the delivery, oldest first; of a very long one the end. */
    Flux<PastAttempt> list(UUID deliveryId) {
        return database.sql(LIST)
                .bind("delivery", deliveryId)
                .bind("rows", MAX_HISTORY)
                .map(AttemptRepository::toPastAttempt)
                .all();
    }

    /** Forgets what is older than that, of deliveries that are settled. */
    Mono<Long> purge(Instant before, int limit) {
        return database.sql(PURGE)
                .bind("before", before)
                .bind("limit", limit)
                .fetch()
                .rowsUpdated();
    }

    private static PastAttempt toPastAttempt(Readable row) {
        return new PastAttempt(
                required(row, "attempt", Integer.class),
                Outcome.valueOf(required(row, "outcome", String.class)),
                required(row, "reason", String.class),
                required(row, "at", Instant.class));
    }
}
