package dev.millrace.export;

import dev.millrace.order.PaymentRefundedEvent;
import java.time.Instant;
import java.util.UUID;

/**
 * A refund as the external platform gets it. The amount is in the minor unit of the currency.
 *
 * @param full whether nothing of the payment is left. The order itself may never have been sent: it is exported only once
 *     confirmed
 */
public record RefundPayload(
        UUID refundId,
        UUID orderId,
        UUID paymentId,
        long userId,
        long amount,
        String currency,
        String origin,
        String reason,
        boolean full,
        Instant refundedAt) {

    static RefundPayload of(PaymentRefundedEvent event, String currency) {
        return new RefundPayload(
                event.refundId(),
                event.orderId(),
                event.paymentId(),
                event.userId(),
                event.amount(),
                currency,
                event.origin(),
                event.reason(),
                event.full(),
                event.refundedAt());
    }
}
