package dev.millrace.payment;

import dev.millrace.event.AggregateRoot;
import dev.millrace.order.OrderConfirmedEvent;
import dev.millrace.shared.Money;
import java.time.Instant;
import java.util.UUID;
import lombok.AccessLevel;
import lombok.AllArgsConstructor;
import lombok.Getter;
import lombok.experimental.Accessors;

/** Money that has been taken for an order. */
@Getter
@Accessors(fluent = true)
@AllArgsConstructor(access = AccessLevel.PACKAGE)
final class Payment extends AggregateRoot {

    private final UUID id;
    private final UUID orderId;
    private final long userId;
    private final Money amount;
    private final Money refundedAmount;
    private final PaymentStatus status;
    private final Instant paidAt;

    /** A payment that succeeded; announces that its order is to be confirmed. */
    static Payment createSuccess(UUID id, UUID orderId, long userId, Money amount, Instant now) {
        Payment payment = new Payment(id, orderId, userId, amount, Money.ZERO, PaymentStatus.SUCCESS, now);
        payment.registerEvent(new OrderConfirmedEvent(orderId, id, userId, amount.amount()));
        return payment;
    }
}
