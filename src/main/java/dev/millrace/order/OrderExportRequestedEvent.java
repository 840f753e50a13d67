package dev.millrace.order;

import dev.millrace.event.DomainEvent;
import dev.millrace.event.EventType;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** A confirmed order is to be sent to the external platform; carries all that the platform gets. */
@EventType("order.export-requested.v1")
public record OrderExportRequestedEvent(
        UUID orderId, long userId, long totalAmount, Instant confirmedAt, List<Item> items) implements DomainEvent {

    /** @param unitPrice in the minor unit of the currency */
    public record Item(long productId, String name, long quantity, long unitPrice) {}

    @Override
    public UUID aggregateId() {
        return orderId;
    }
}
