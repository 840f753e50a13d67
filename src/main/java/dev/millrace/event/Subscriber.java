package dev.millrace.event;

/** Who is owed a delivery of each event of one type. */
public sealed interface Subscriber<E extends DomainEvent> permits EventHandler, RemoteEventHandler {

    /** The name that its deliveries are stored under; it never changes. */
    String name();

    Class<E> eventClass();
}
