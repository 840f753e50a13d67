package dev.millrace.event;

import java.util.UUID;

/**
 * Something that has happened, as a record of ids, primitives and lists of such records: all that its handlers need to know.
 * Each has an {@link EventType}.
 */
public interface DomainEvent {

    /** The aggregate it happened to; the events of one aggregate are handled in their order. */
    UUID aggregateId();
}
