package dev.millrace.order;

import dev.millrace.event.DomainEvent;
import dev.millrace.event.EventType;
import java.util.UUID;

/** The order has been paid and is to be confirmed. Raised by the payment; owned by the order, who acts on it. */
@EventType("order.confirmed.v1")
public record OrderConfirmedEvent(UUID orderId, UUID paymentId, long userId, long amount) implements DomainEvent {

    @Override
    public UUID aggregateId() {
        return orderId;
    }
}
