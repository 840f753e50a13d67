package dev.millrace.order;

import dev.millrace.shared.Money;
import java.util.UUID;

/** An order that the caller's transaction alone may pay; if that rolls back, the order waits for its payment again. */
public record OrderToPay(UUID id, long userId, Money totalAmount) {}
