package dev.millrace.export;

import dev.millrace.event.DomainEvent;
import dev.millrace.event.EventType;
import java.util.UUID;

/** The external platform has accepted the refund. */
@EventType("refund.exported.v1")
record RefundExportedEvent(UUID orderId, UUID refundId, String idempotencyKey) implements DomainEvent {

    @Override
    public UUID aggregateId() {
        return orderId;
    }
}
