package dev.millrace.payment;

import dev.millrace.shared.Money;
import java.time.Instant;
import java.util.UUID;

/** Money of a payment that went back; never altered once written. */
record Refund(UUID id, UUID paymentId, Money amount, String reason, RefundOrigin origin, Instant at) {}
