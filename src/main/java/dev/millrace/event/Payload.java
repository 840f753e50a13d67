package dev.millrace.event;

import org.jspecify.annotations.Nullable;

/**
 * What an event says.
 *
 * @param json as it is stored
 * @param event as the object that it was written from, if that is at hand: then it need not be read again
 */
record Payload(String json, @Nullable DomainEvent event) {

    static Payload of(String json) {
        return new Payload(json, null);
    }
}
