package dev.millrace.payment;

import dev.millrace.event.DomainEvent;
import dev.millrace.event.EventType;
import java.util.UUID;

/** Somebody outside has been told that the order was paid and not confirmed. */
@EventType("order.confirmation-alerted.v1")
record ConfirmationAlertedEvent(UUID orderId) implements DomainEvent {

    @Override
    public UUID aggregateId() {
        return orderId;
    }
}
