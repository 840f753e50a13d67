package dev.millrace.event;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An event as it stands in the log and travels on the bus.
 *
 * @param sequence dense and ascending for each aggregate, from 1
 * @param payload what it says
 * @param correlationId the event that the whole chain began with
 * @param causationId the event whose handling recorded this one; null for the first of a chain
 * @param faultPlan how its handling shall fail, for tests
 * @param traceparent W3C trace context of the request that the chain began with
 */
record StoredEvent(
        UUID id,
        String type,
        UUID aggregateId,
        long sequence,
        Instant occurredAt,
        Payload payload,
        UUID correlationId,
        @Nullable UUID causationId,
        @Nullable String traceparent,
        @Nullable String faultPlan) {}
