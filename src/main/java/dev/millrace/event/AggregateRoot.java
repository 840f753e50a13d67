package dev.millrace.event;

import java.util.ArrayList;
import java.util.List;

/** Keeps the events that an aggregate registers until they are published in the transaction that saves it. */
public abstract class AggregateRoot {

    private final List<DomainEvent> events = new ArrayList<>();

    protected final void registerEvent(DomainEvent event) {
        events.add(event);
    }

    /** What has been registered and not yet been published, in order. */
    public final List<DomainEvent> events() {
        return List.copyOf(events);
    }

    public final void clearEvents() {
        events.clear();
    }
}
