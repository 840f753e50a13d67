package dev.millrace.payment;

import dev.millrace.shared.Money;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A wish for money of a payment to go back; no amount means all that is left of it. */
record RefundCommand(UUID paymentId, @Nullable Money amount, String reason, RefundOrigin origin) {

    /** All that is left goes back, because the order could not be confirmed. */
    static RefundCommand compensation(UUID paymentId) {
        return new RefundCommand(paymentId, null, "The order could not be confirmed.", RefundOrigin.COMPENSATION);
    }
}
