package dev.millrace.event;

/** Nothing was tried because the other side is known to be down; the delivery waits and no attempt is spent. */
public final class Suspended extends RuntimeException {

    public Suspended(String message) {
        super(message, null, false, false);
    }
}
