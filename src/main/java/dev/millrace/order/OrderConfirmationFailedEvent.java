package dev.millrace.order;

import dev.millrace.event.DomainEvent;
import dev.millrace.event.EventType;
import java.util.UUID;

/**
 * The order was paid and could not be confirmed: the payment has to go back. There is one for each order that this happens
 * to, however often its confirmation is tried again.
 *
 * @param reason for people to read
 * @param permanent whether nothing can confirm it any more; if not, it may still be confirmed before the payment goes back
 * @param attempts how many attempts were made
 */
@EventType("order.confirmation-failed.v1")
public record OrderConfirmationFailedEvent(UUID orderId, UUID paymentId, String reason, boolean permanent, int attempts)
        implements DomainEvent {

    @Override
    public UUID aggregateId() {
        return orderId;
    }
}
