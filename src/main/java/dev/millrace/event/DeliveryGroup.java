package dev.millrace.event;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Deliveries of one kind that wait for the same cause.
 *
 * @param error null for those that have not failed yet
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
record DeliveryGroup(
        String handler, String eventType, @Nullable String error, long count, Instant oldest, Instant newest) {}
