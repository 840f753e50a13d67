package dev.millrace.event;

import java.util.UUID;
import reactor.core.publisher.Mono;

/**
 * What follows from an event outside of our database.
 *
 * <p>It runs outside of any transaction and may run again for the same delivery, after a crash even if it had succeeded. The
 * delivery's id stays the same and is sent along, for the other side to tell a repetition by.
 */
public non-sealed interface RemoteEventHandler<E extends DomainEvent> extends Subscriber<E> {

    /** Completes with the fact to record together with the acknowledgement. */
    Mono<? extends DomainEvent> handle(E event, UUID deliveryId);
}
