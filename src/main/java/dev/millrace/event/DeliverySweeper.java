package dev.millrace.event;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.springframework.stereotype.Component;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Finds deliveries that are due and on nobody's way: after a crash, a failed attempt, or a full bus. It looks for rows by
 * their state, never for ids after the last one seen, because transactions do not commit in the order of their ids.
 */
@Slf4j
@Component
@RequiredArgsConstructor
class DeliverySweeper {

    private static final int BATCH = 512;

    private final SinksEventBus bus;
    private final Subscribers subscribers;
    private final DeliveryQueue queue;
    private final TransactionalOperator tx;
    private final BusProperties properties;
    private final Clock clock;
    private final Nudges nudges = new Nudges();

    /** Sweeps until cancelled; a sweep that fails is logged and followed by the next one. */
    Flux<Void> run() {
        return nudges.turns(properties.sweepInterval(), subscribers::names)
                .concatMap(handler -> sweepFor(handler).onErrorResume(this::skip), 1);
    }

    /** Has the handler swept for ahead of time. */
    void nudge(String handler) {
        nudges.nudge(handler);
    }

    /** Renews what is on its way for as long as it is; most of what is has just come, and can wait for the next turn. */
    Flux<Void> renewLeases() {
        return Flux.interval(renewalInterval())
                .onBackpressureDrop()
                .concatMap(
                        tick -> Flux.fromIterable(bus.lanes())
                                .concatMap(lanes -> renew(lanes).onErrorResume(this::skip)),
                        1);
    }

    Mono<Void> sweep() {
        return Flux.fromIterable(subscribers.names()).concatMap(this::sweepFor).then();
    }

    private Mono<Void> sweepFor(String handler) {
        return admit(handler).then(sweep(handler));
    }

    /** Opens and closes the lanes as what is behind the handler comes and goes. */
    private Mono<Void> admit(String handler) {
        return Mono.defer(() -> {
            HandlerLanes lanes = bus.lanes(handler);
            if (subscribers.isSuspended(handler)) {
                lanes.suspend();
                return Mono.empty();
            }
            int places = lanes.resume();
            return places == 0 ? Mono.empty() : wake(handler, places);
        });
    }

    /** What failed because of the outage need not wait for its own time: as many are due as are let in. */
    private Mono<Void> wake(String handler, int places) {
        return queue.wake(handler, places, clock.instant())
                .doOnNext(rows ->
                        log.debug("{} lets in {} after a suspension, {} of them at once", handler, places, rows))
                .then();
    }

    /**
     * Takes what is due for the handler until less is found than there is room for, or what it needs is down. What another
     * instance was faster to claim counts as found: there may be more behind it.
     */
    private Mono<Void> sweep(String handler) {
        return Mono.defer(() -> {
            int room = subscribers.isSuspended(handler) ? 0 : bus.reserve(handler, BATCH);
            return room == 0
                    ? Mono.empty()
                    : claim(handler, room).flatMap(full -> full ? sweep(handler) : Mono.empty());
        });
    }

    private Mono<Boolean> claim(String handler, int room) {
        return queue.findDue(handler, room, clock.instant())
                .delayUntil(due -> claim(due).doOnNext(claimed -> offer(handler, claimed, room)))
                .doOnError(error -> bus.release(handler, room))
                .map(due -> due.size() == room);
    }

    private Mono<List<Delivery>> claim(List<Delivery> due) {
        Instant now = clock.instant();
        return due.isEmpty()
                ? Mono.just(due)
                : queue.claim(due, properties.instance(), now, now.plus(properties.lease()))
                        .delayUntil(claimed -> onDisk());
    }

    /** A transaction ends only when what was read before it is on disk, too: the world is told nothing before. */
    private Mono<Void> onDisk() {
        return Mono.<Void>empty().as(tx::transactional);
    }

    private void offer(String handler, List<Delivery> found, int room) {
        bus.release(handler, room - found.size());
        found.forEach(bus::offer);
    }

    /** What has come within one of them is renewed in the next: a third of the lease has passed at most. */
    private Duration renewalInterval() {
        return properties.lease().dividedBy(6);
    }

    private Mono<Void> renew(HandlerLanes lanes) {
        return Mono.fromSupplier(() -> lanes.heldFor(renewalInterval()))
                .filter(held -> !held.isEmpty())
                .flatMapMany(held -> Flux.fromIterable(held).buffer(BATCH))
                .concatMap(part -> queue.renew(
                                part, properties.instance(), clock.instant().plus(properties.lease()))
                        .as(tx::transactional))
                .then();
    }

    private Mono<Void> skip(Throwable error) {
        log.warn("A sweep failed and is followed by the next one", error);
        return Mono.empty();
    }
}
