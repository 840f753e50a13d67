package dev.millrace.order;

import dev.millrace.event.DomainEvent;
import dev.millrace.event.EventType;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * What a confirmed order sold is to be counted.
 *
 * @param soldAt the moment of the confirmation
 */
@EventType("product.sales-rank-recorded.v1")
public record ProductSalesRankRecordedEvent(UUID orderId, Instant soldAt, List<Sale> sales) implements DomainEvent {

    /** @param revenue in the minor unit of the currency */
    public record Sale(long productId, long quantity, long revenue) {}

    @Override
    public UUID aggregateId() {
        return orderId;
    }
}
