package dev.millrace.event;

import java.time.Instant;
import java.util.UUID;

/**
 * An event on its way to one handler, as one worker holds it.
 *
 * @param attempts how many attempts have been begun, this one included
 * @param fence rises with each claim; whoever holds an older one can neither acknowledge nor postpone the delivery
 * @param owedSince when it was recorded, or last re-driven by an operator: its age counts from there
 * @param inTurn whether it was the handler's turn when it was recorded or found: nothing earlier of its aggregate was owed. So it
 *     stays, but where dead ones are passed: an operator may send such a one on its way again. If false, it is yet to be asked
 * @param leaseEnd until when it is left to whoever holds it, unless the lease is renewed
 */
record Delivery(
        UUID id,
        String handler,
        int attempts,
        long fence,
        Instant owedSince,
        StoredEvent event,
        boolean inTurn,
        Instant leaseEnd) {

    Delivery claimed(int attempts, long fence, Instant leaseEnd) {
        return new Delivery(id, handler, attempts, fence, owedSince, event, inTurn, leaseEnd);
    }

    /** For people to read in the log. */
    @Override
    public String toString() {
        return handler + " of " + event.type() + " for " + event.aggregateId() + " [" + id + "]";
    }
}
