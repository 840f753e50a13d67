package dev.millrace.idempotency;

import dev.millrace.shared.Problem;
import org.jspecify.annotations.Nullable;

/** What a client was told: enough to tell it again, word for word. */
record Answer(int status, @Nullable String location, String body) {

    boolean isProblem() {
        return status >= 400;
    }

    static boolean isKept(Problem problem) {
        return switch (problem.status()) {
            case 402, 409, 422 -> !problem.passes() && !problem.code().equals("idempotency-key-reused");
            default -> false;
        };
    }
}
