package dev.millrace.order;

import dev.millrace.shared.Money;
import java.util.UUID;

/** What a payment needs to know of the order it pays; locked until the payment's transaction ends. */
public record OrderToPay(UUID id, long userId, OrderStatus status, Money totalAmount) {

    public boolean isPayable() {
        return status == OrderStatus.CREATED;
    }
}
