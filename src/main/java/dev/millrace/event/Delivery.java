package dev.millrace.event;

import java.util.UUID;

/**
 * An event on its way to one handler, as one worker holds it.
 *
 * @param attempts how often it has been claimed again after its first offer
 * @param fence rises with each claim; whoever holds an older one can neither acknowledge nor postpone the delivery
 */
record Delivery(UUID id, String handler, int attempts, long fence, StoredEvent event) {}
