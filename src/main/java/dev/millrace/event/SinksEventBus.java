package dev.millrace.event;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The bus inside one process: lanes of Reactor sinks, one set for each handler, so that a slow one stalls no other. */
@Component
@RequiredArgsConstructor
class SinksEventBus implements EventBus {

    private final BusProperties properties;
    private final Map<String, HandlerLanes> lanes = new ConcurrentHashMap<>();
    private volatile boolean closed;

    @Override
    public int reserve(String handler, int wanted) {
        return lanesOf(handler).reserve(wanted);
    }

    @Override
    public boolean reserveForNew(String handler) {
        return lanesOf(handler).reserveForNew();
    }

    @Override
    public void release(String handler, int places) {
        lanesOf(handler).release(places);
    }

    @Override
    public void offer(Delivery delivery) {
        lanesOf(delivery.handler()).offer(delivery);
    }

    /** Hands every delivery to the work; completes once {@link #close()} has been called and the lanes are empty. */
    Mono<Void> run(Collection<String> handlers, Function<Delivery, Mono<Void>> work) {
        return Flux.defer(() -> Flux.fromIterable(open(handlers)))
                .flatMap(handler -> lanesOf(handler).run(work), Integer.MAX_VALUE)
                .then();
    }

    HandlerLanes lanes(String handler) {
        return lanesOf(handler);
    }

    Collection<HandlerLanes> lanes() {
        return lanes.values();
    }

    void close() {
        closed = true;
        lanes.values().forEach(HandlerLanes::close);
    }

    /** Lanes that were closed stay so; a bus that runs again has new ones. */
    private Collection<String> open(Collection<String> handlers) {
        if (closed) {
            lanes.clear();
            closed = false;
        }
        return handlers;
    }

    private HandlerLanes lanesOf(String handler) {
        return lanes.computeIfAbsent(
                handler, name -> new HandlerLanes(name, properties.lanesOf(name), properties.capacity()));
    }
}
