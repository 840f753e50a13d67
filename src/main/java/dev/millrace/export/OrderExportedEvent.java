package dev.millrace.export;

import dev.millrace.event.DomainEvent;
import dev.millrace.event.EventType;
import java.util.UUID;

/** The external platform has accepted the order. */
@EventType("order.exported.v1")
record OrderExportedEvent(UUID orderId, String idempotencyKey) implements DomainEvent {

    @Override
    public UUID aggregateId() {
        return orderId;
    }
}
