package dev.millrace.event;

import java.util.UUID;

/**
 * An event on its way to one handler, as one worker holds it.
 *
 * @param attempts how many attempts have been begun, this one included
 * @param fence rises with each claim; whoever holds an older one can neither acknowledge nor postpone the delivery
 */
record Delivery(UUID id, String handler, int attempts, long fence, StoredEvent event) {

    Delivery claimed(int attempts, long fence) {
        return new Delivery(id, handler, attempts, fence, event);
    }
}
