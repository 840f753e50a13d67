package dev.millrace.event;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import lombok.extern.slf4j.Slf4j;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.publisher.Sinks.EmitResult;
import reactor.core.scheduler.Schedulers;
import reactor.util.concurrent.Queues;

/**
 * The way to one handler: a few lanes that run side by side, each one delivery at a time. The deliveries of one aggregate
 * keep to one lane, and so to their order. All lanes together hold no more than the capacity.
 */
@Slf4j
final class HandlerLanes {

    private final String handler;
    private final int capacity;
    private volatile int allowance;
    private final AtomicInteger taken = new AtomicInteger();
    private final AtomicInteger cameBack = new AtomicInteger();

    /** What waits or is being handled, and since when, in milliseconds. */
    private final Map<UUID, Long> held = new ConcurrentHashMap<>();

    private final List<Sinks.Many<Delivery>> lanes;

    HandlerLanes(String handler, int lanes, int capacity) {
        this.handler = handler;
        this.capacity = capacity;
        this.allowance = capacity;
        this.lanes = Stream.generate(HandlerLanes::lane).limit(lanes).toList();
    }

    String handler() {
        return handler;
    }

    int reserve(int wanted) {
        return reserve(wanted, allowance);
    }

    boolean reserveForNew() {
        int limit = allowance;
        return reserve(1, limit - limit / 8) == 1;
    }

    private int reserve(int wanted, int limit) {
        int before = taken.getAndUpdate(now -> now + places(wanted, limit, now));
        return places(wanted, limit, before);
    }

    void release(int places) {
        taken.addAndGet(-places);
    }

    /** Lets nothing more in. */
    void suspend() {
        allowance = 0;
        cameBack.set(0);
    }

    /**
     * After a suspension, lets in one delivery, then two, then four, each time once as many have come back: what has just
     * recovered is not trampled down, and what has not is not tried by more than one.
     *
     * @return how many are let in from now on; 0 if that has not changed
     */
    int resume() {
        if (allowance == capacity || cameBack.get() < allowance) {
            return 0;
        }
        cameBack.set(0);
        allowance = Math.min(capacity, Math.max(1, allowance * 2));
        return allowance;
    }

    /** The deliveries that wait in the lanes or are being handled. */
    Collection<UUID> held() {
        return List.copyOf(held.keySet());
    }

    /** Those of them that came at least so long ago. */
    Collection<UUID> heldFor(Duration time) {
        long before = now() - time.toMillis();
        return held.entrySet().stream()
                .filter(since -> since.getValue() <= before)
                .map(Map.Entry::getKey)
                .toList();
    }

    private static long now() {
        return Schedulers.parallel().now(TimeUnit.MILLISECONDS);
    }

    void offer(Delivery delivery) {
        held.put(delivery.id(), now());
        EmitResult result = laneOf(delivery).tryEmitNext(delivery);
        if (result.isFailure()) {
            // The row is still there: its lease ends, or a stop hands it back.
            log.debug("{} did not take {}: {}", handler, delivery.id(), result);
            leave(delivery);
        }
    }

    /** Hands each delivery to the work until {@link #close()}; completes when the lanes are empty. */
    Mono<Void> run(Function<Delivery, Mono<Void>> work) {
        return Flux.fromIterable(lanes)
                .flatMap(
                        lane -> lane.asFlux()
                                .publishOn(Schedulers.parallel(), 1)
                                .concatMap(delivery -> work.apply(delivery).doFinally(signal -> leave(delivery)), 1),
                        lanes.size())
                .then();
    }

    void close() {
        lanes.forEach(Sinks.Many::tryEmitComplete);
    }

    private static int places(int wanted, int limit, int taken) {
        return Math.max(0, Math.min(wanted, limit - taken));
    }

    private void leave(Delivery delivery) {
        held.remove(delivery.id());
        cameBack.incrementAndGet();
        release(1);
    }

    private Sinks.Many<Delivery> laneOf(Delivery delivery) {
        int hash = delivery.event().aggregateId().hashCode();
        return lanes.get(Math.floorMod(hash ^ (hash >>> 16), lanes.size()));
    }

    /** Many threads offer, one reads: safe without a lock because the queue is, and bounded by the capacity. */
    private static Sinks.Many<Delivery> lane() {
        return Sinks.unsafe()
                .many()
                .unicast()
                .onBackpressureBuffer(Queues.<Delivery>unboundedMultiproducer().get());
    }
}
