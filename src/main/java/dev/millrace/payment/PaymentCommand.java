package dev.millrace.payment;

import dev.millrace.shared.Money;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A user's wish to pay an order; the amount, if there is one, is what the user expects it to cost. */
record PaymentCommand(UUID orderId, long userId, @Nullable Money expectedAmount) {}
