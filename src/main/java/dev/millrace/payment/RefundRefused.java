package dev.millrace.payment;

import dev.millrace.shared.Money;
import dev.millrace.shared.Refusal;

/** Not so much of the payment is left; no money has moved. */
final class RefundRefused extends Refusal {

    private RefundRefused(String detail, Money refundable) {
        super(Kind.CONTRADICTION, "refund-exceeds-payment", detail);
        figure("refundable", refundable.amount());
    }

    static RefundRefused exceedsPayment(Money refundable) {
        return new RefundRefused("No more can go back than what is left of the payment.", refundable);
    }
}
