package dev.millrace.event;

import reactor.core.publisher.Mono;

/**
 * What follows from an event, in our own database.
 *
 * <p>It runs in the transaction that also acknowledges the delivery: its effect is applied once, or the event is delivered
 * again. It may be tried several times, so it does nothing that a rollback cannot undo; to call the outside world, implement
 * {@link RemoteEventHandler}.
 */
public non-sealed interface EventHandler<E extends DomainEvent> extends Subscriber<E> {

    Mono<Void> handle(E event);

    /**
     * Whether the event may be handled in the very transaction that records it, where others share that one; then no delivery is
     * owed, but for one that has a delay. If it fails there, nothing is recorded either: that transaction is done again, and now the delivery is owed.
     *
     * <p>For what is as quickly done as owed, since no time limit of its own ends it, and whose effect does not depend on anything
     * earlier that the handler is owed of the same aggregate, as its order is not promised then.
     */
    default boolean isHandledAtOnce() {
        return false;
    }
}
