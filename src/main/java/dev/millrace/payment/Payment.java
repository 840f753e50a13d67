package dev.millrace.payment;

import dev.millrace.event.AggregateRoot;
import dev.millrace.order.OrderConfirmedEvent;
import dev.millrace.order.PaymentRefundedEvent;
import dev.millrace.order.UndoneSale;
import dev.millrace.shared.Money;
import java.time.Instant;
import java.util.UUID;
import lombok.AccessLevel;
import lombok.AllArgsConstructor;
import lombok.Getter;
import lombok.experimental.Accessors;
import org.jspecify.annotations.Nullable;

/**
 * Money that has been taken for an order.
 *
 * <table>
 * <caption>Transitions, and what each announces</caption>
 * <tr><td>→ SUCCESS</td><td>{@link OrderConfirmedEvent}</td></tr>
 * <tr><td>SUCCESS, PARTIALLY_REFUNDED → PARTIALLY_REFUNDED, REFUNDED</td><td>{@link PaymentRefundedEvent}</td></tr>
 * </table>
 */
@Getter
@Accessors(fluent = true)
@AllArgsConstructor(access = AccessLevel.PACKAGE)
final class Payment extends AggregateRoot {

    private final UUID id;
    private final UUID orderId;
    private final long userId;
    private final Money amount;
    private final Instant paidAt;
    private Money refundedAmount;
    private PaymentStatus status;

    /** A payment that succeeded; announces that its order is to be confirmed. */
    static Payment createSuccess(UUID id, UUID orderId, long userId, Money amount, Instant now) {
        Payment payment = new Payment(id, orderId, userId, amount, now, Money.ZERO, PaymentStatus.SUCCESS);
        payment.registerEvent(new OrderConfirmedEvent(orderId, id, userId, amount.amount()));
        return payment;
    }

    /** What can still go back. */
    Money refundable() {
        return amount.minus(refundedAmount);
    }

    boolean isRefundable() {
        return status != PaymentStatus.REFUNDED;
    }

    /** The amount, or all that is left if none is named; refuses if not so much is left, or nothing. */
    Money requireRefundable(@Nullable Money wanted) {
        Money taken = wanted == null ? refundable() : wanted;
        if (!isRefundable() || taken.compareTo(refundable()) > 0) {
            throw RefundRefused.exceedsPayment(refundable());
        }
        return taken;
    }

    /** Announces the refund, and the sale that it undoes. */
    void refund(Refund refund, UndoneSale undone) {
        refundedAmount = refundedAmount.plus(requireRefundable(refund.amount()));
        boolean full = refundedAmount.equals(amount);
        status = full ? PaymentStatus.REFUNDED : PaymentStatus.PARTIALLY_REFUNDED;
        registerEvent(new PaymentRefundedEvent(
                orderId,
                id,
                refund.id(),
                userId,
                refund.amount().amount(),
                refund.origin().name(),
                refund.reason(),
                full,
                refund.at(),
                undone.soldAt(),
                undone.sales()));
    }
}
