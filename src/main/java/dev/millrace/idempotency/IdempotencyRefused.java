package dev.millrace.idempotency;

import dev.millrace.shared.Refusal;

/** The key stands for another request, or for one that is still running. */
final class IdempotencyRefused extends Refusal {

    private IdempotencyRefused(Kind kind, String code, String detail) {
        super(kind, code, detail);
    }

    static IdempotencyRefused keyReused() {
        return new IdempotencyRefused(
                Kind.CONTRADICTION, "idempotency-key-reused", "The key was used before, with another body.");
    }

    static IdempotencyRefused inFlight() {
        return new IdempotencyRefused(
                Kind.CONFLICT, "idempotency-in-flight", "The first request with this key is still running.");
    }
}
