package dev.millrace.event;

import java.time.Duration;
import reactor.core.publisher.Mono;

/**
 * Who is owed a delivery of each event of one type. Several types may be handled under one name: they share its lanes, and the
 * order of each aggregate.
 */
public sealed interface Subscriber<E extends DomainEvent> permits EventHandler, RemoteEventHandler {

    /** The lanes of what follows from every payment. */
    String SETTLING = "settling";

    /** The name that its deliveries are stored under; it never changes. */
    String name();

    Class<E> eventClass();

    /**
     * Where its transactions wait for each other and then commit together. Of those that share a lane each should only ask and
     * change what can be asked and changed for many at once, or it has the others wait.
     */
    default String lane() {
        return name();
    }

    /** How long after the event it is delivered. */
    default Duration delay(E event) {
        return Duration.ZERO;
    }

    /** Whether deliveries are better left alone for now, because what they need is known to be down. */
    default boolean isSuspended() {
        return false;
    }

    /**
     * What follows when the event is given up: no more attempts will be made unless an operator asks for them. Runs in the
     * transaction that records it.
     */
    default Mono<Void> whenGivenUp(E event, String reason, int attempts) {
        return Mono.empty();
    }
}
