package dev.millrace.event;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Schedulers;

/**
 * The turns of a loop: everybody's at an interval, and in between that of whoever is nudged, at once. However often one is
 * nudged before its turn, it has one turn; so nothing piles up, and no nudge is lost.
 */
final class Nudges {

    private final Set<String> waiting = ConcurrentHashMap.newKeySet();
    private volatile @Nullable FluxSink<Long> loop;

    /** Never blocks and never throws; what nobody listens to yet is the first turn's. */
    void nudge(String name) {
        waiting.add(name);
        FluxSink<Long> listening = loop;
        if (listening != null) {
            listening.next(0L);
        }
    }

    /** The turns, for one loop at a time. */
    Flux<String> turns(Duration interval, Supplier<Collection<String>> everybody) {
        Flux<Long> ticks = Flux.interval(interval).doOnNext(tick -> waiting.addAll(everybody.get()));
        return ticks.mergeWith(Flux.create(sink -> loop = sink))
                .onBackpressureLatest()
                .publishOn(Schedulers.parallel(), 1)
                .concatMapIterable(signal -> takeAll(), 1);
    }

    private List<String> takeAll() {
        List<String> names = List.copyOf(waiting);
        names.forEach(waiting::remove);
        return names;
    }
}
