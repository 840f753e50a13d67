package dev.millrace.event;

import java.util.Collection;
import reactor.core.publisher.Mono;

/** What carries a committed event to its handlers. */
interface EventTransport {

    /**
     * Records, in the transaction that publishes the event, a delivery to each of the handlers, and has them sent on their
     * way once it has committed. A delivery that gets lost on the way becomes due by itself, and the sweeper finds it.
     */
    Mono<Void> owe(StoredEvent event, Collection<String> handlers);
}
