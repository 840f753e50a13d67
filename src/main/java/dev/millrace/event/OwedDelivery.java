package dev.millrace.event;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A delivery as operators see it.
 *
 * @param attempts how many attempts have been begun since it was recorded or last re-driven
 * @param nextAttemptAt when it may be taken next; null when it is dead
 * @param lastError why the last attempt failed, kept by a re-drive until the next failure
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
record OwedDelivery(
        UUID id,
        String handler,
        UUID eventId,
        String eventType,
        UUID orderId,
        DeliveryStatus status,
        int attempts,
        @Nullable Instant nextAttemptAt,
        @Nullable String lastError,
        Instant createdAt) {

    /** This delivery, if it was given up; what is still on its way is not for operators to touch. */
    OwedDelivery requireDead() {
        if (status != DeliveryStatus.DEAD) {
            throw NotDead.of(status);
        }
        return this;
    }

    /** The same delivery on its way again. */
    OwedDelivery redriven(Instant now) {
        return new OwedDelivery(
                id, handler, eventId, eventType, orderId, DeliveryStatus.RETRY, 0, now, lastError, createdAt);
    }
}
