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
}
