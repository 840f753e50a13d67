package dev.millrace.order;

import dev.millrace.event.DomainEvent;
import dev.millrace.event.EventType;
import dev.millrace.order.ProductSalesRankRecordedEvent.Sale;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Money of a payment went back to its user. Raised by the payment; owned by the order, among whose events it has its place.
 *
 * @param amount what went back this time, in the minor unit of the currency
 * @param origin who wanted it: CLIENT or COMPENSATION
 * @param full whether nothing of the payment is left
 * @param soldAt when the sales were counted; null if there is nothing to take back
 * @param sales what is no longer sold: all of a confirmed order once all its money went back. A partial refund is about money
 *     and takes nothing back
 */
@EventType("payment.refunded.v1")
public record PaymentRefundedEvent(
        UUID orderId,
        UUID paymentId,
        UUID refundId,
        long userId,
        long amount,
        String origin,
        String reason,
        boolean full,
        Instant refundedAt,
        @Nullable Instant soldAt,
        List<Sale> sales)
        implements DomainEvent {

    @Override
    public UUID aggregateId() {
        return orderId;
    }
}
