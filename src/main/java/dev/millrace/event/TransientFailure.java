package dev.millrace.event;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A repetition may succeed, perhaps not before a while. The message is the same for failures of the same cause. */
public class TransientFailure extends RuntimeException {

    private final @Nullable Duration retryAfter;

    public TransientFailure(String message) {
        this(message, null);
    }

    /** @param retryAfter how long the other side asks to be left alone */
    public TransientFailure(String message, @Nullable Duration retryAfter) {
        super(message, null, false, false);
        this.retryAfter = retryAfter;
    }

    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
