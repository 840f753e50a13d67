package dev.millrace.event;

import java.time.Instant;
import java.util.UUID;

/**
 * An event on its way to one handler, as one worker holds it.
 *
 * @param attempts how many attempts have been begun, this one included
 * @param owedSince when it was recorded, or last re-driven by an operator: its age counts from there
 * @param fence rises with each claim; whoever holds an older one can neither acknowledge nor postpone the delivery
 */
record Delivery(UUID id, String handler, int attempts, long fence, Instant owedSince, StoredEvent event) {

    /** A delivery that nobody has taken yet. */
    static Delivery untried(UUID id, String handler, Instant owedSince, StoredEvent event) {
        return new Delivery(id, handler, 0, 0, owedSince, event);
    }

    Delivery claimed(int attempts, long fence) {
        return new Delivery(id, handler, attempts, fence, owedSince, event);
    }

    /** For people to read in the log. */
    @Override
    public String toString() {
        return handler + " of " + event.type() + " for " + event.aggregateId() + " [" + id + "]";
    }
}
