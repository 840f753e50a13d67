package dev.millrace.event;

import dev.millrace.shared.Refusal;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import reactor.core.Exceptions;
import tools.jackson.core.JacksonException;

/** What went wrong with an attempt, told so that failures of the same cause read the same. */
public record Failure(Throwable error) {

    private static final int MAX_LENGTH = 1000;
    private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\p{Cs}]+");
    private static final Pattern ID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\\d{6,}");

    public static Failure of(Throwable error) {
        return new Failure(Exceptions.unwrap(error));
    }

    /** Whether no repetition will mend it; what is not known to be permanent is not. */
    boolean isPermanent() {
        return isPermanent(error);
    }

    public static boolean isPermanent(Throwable error) {
        return error instanceof PermanentFailure
                || error instanceof JacksonException
                || error instanceof Refusal refusal && refusal.kind() != Refusal.Kind.BUSY;
    }

    boolean isSuspension() {
        return error instanceof Suspended;
    }

    /** The wait, or a longer one if the other side asks for it. */
    Duration atLeast(Duration wait) {
        return error instanceof TransientFailure told
                ? told.retryAfter().filter(asked -> asked.compareTo(wait) > 0).orElse(wait)
                : wait;
    }

    /**
     * The cause in words, without the ids that would make each failure look like no other, and without what a database may
     * refuse to store: then the failure could never be recorded, nor the delivery given up.
     */
    public String reason() {
        String printable = CONTROL.matcher(describe()).replaceAll(" ");
        String reason = ID.matcher(printable).replaceAll("…").strip();
        return reason.length() <= MAX_LENGTH ? reason : reason.substring(0, MAX_LENGTH);
    }

    private String describe() {
        if (error instanceof TimeoutException) {
            return "timed out";
        }
        if (error instanceof PermanentFailure || error instanceof TransientFailure || error instanceof Refusal) {
            return String.valueOf(error.getMessage());
        }
        if (error instanceof JacksonException unreadable) {
            return "unreadable: " + unreadable.getOriginalMessage();
        }
        return error.getClass().getSimpleName() + ": " + error.getMessage();
    }
}
