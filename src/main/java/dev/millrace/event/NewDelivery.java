package dev.millrace.event;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A delivery that is to be recorded together with its event.
 *
 * @param attempts 1 if the first attempt begins with the commit, else 0
 * @param owner who holds its lease from the beginning; null if nobody does
 * @param next when the lease ends, or when it is due if nobody holds it
 */
record NewDelivery(
        UUID id, String handler, int attempts, @Nullable String owner, Instant owedSince, Instant next) {

    /** One that waits for whoever takes it. */
    static NewDelivery due(UUID id, String handler, Instant owedSince, Instant next) {
        return new NewDelivery(id, handler, 0, null, owedSince, next);
    }

    /** Whoever holds it has taken it once. */
    long fence() {
        return attempts;
    }

    Delivery of(StoredEvent event, boolean inTurn) {
        return new Delivery(id, handler, attempts, fence(), owedSince, event, inTurn, next);
    }
}
