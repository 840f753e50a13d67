package dev.millrace.order;

import dev.millrace.event.DomainEvent;
import dev.millrace.event.EventType;
import java.util.UUID;

/**
 * The order was paid and could not be confirmed: the payment has to go back.
 *
 * @param reason for people to read
 */
@EventType("order.confirmation-failed.v1")
public record OrderConfirmationFailedEvent(UUID orderId, UUID paymentId, String reason) implements DomainEvent {

    @Override
    public UUID aggregateId() {
        return orderId;
    }
}
