package dev.millrace.payment;

import dev.millrace.order.OrderStatus;
import dev.millrace.shared.Money;
import dev.millrace.shared.Refusal;
import java.util.UUID;

/** The order cannot be paid, or not like this; no money has moved. */
final class PaymentRefused extends Refusal {

    private PaymentRefused(Kind kind, String code, String detail) {
        super(kind, code, detail);
    }

    static PaymentRefused alreadyPaid(UUID paymentId) {
        PaymentRefused refused =
                new PaymentRefused(Kind.CONFLICT, "order-already-paid", "The order has been paid already.");
        refused.figure("paymentId", paymentId);
        return refused;
    }

    static PaymentRefused notPayable(OrderStatus status) {
        PaymentRefused refused = new PaymentRefused(
                Kind.CONFLICT, "order-not-payable", "An order that is " + status + " cannot be paid.");
        refused.figure("orderStatus", status);
        return refused;
    }

    static PaymentRefused amountMismatch(Money expected, Money total) {
        PaymentRefused refused = new PaymentRefused(
                Kind.CONTRADICTION, "amount-mismatch", "The order does not cost what the request expects.");
        refused.figure("expected", expected.amount());
        refused.figure("totalAmount", total.amount());
        return refused;
    }
}
