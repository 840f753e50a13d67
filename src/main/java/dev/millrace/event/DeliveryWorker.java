package dev.millrace.event;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.springframework.stereotype.Component;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/** Makes one attempt at one delivery; whatever comes of it, the lane goes on. */
@Slf4j
@Component
@RequiredArgsConstructor
class DeliveryWorker {

    private static final Duration HELD_BACK = Duration.ofMillis(200);
    private static final int MAX_ERROR_LENGTH = 1000;

    private final Subscribers subscribers;
    private final DeliveryRepository deliveries;
    private final EventPublisher publisher;
    private final EventCodec codec;
    private final TransactionalOperator tx;
    private final BusProperties properties;
    private final Clock clock;

    /**
     * Handles the delivery and acknowledges it, or has it tried again later. Never fails: if even that cannot be stored, the
     * lease ends by itself.
     */
    Mono<Void> attempt(Delivery delivery) {
        return Mono.defer(() -> handle(delivery))
                .timeout(properties.timeout())
                .onErrorResume(error -> postpone(delivery, error))
                .onErrorResume(error -> {
                    log.warn("{} could not be postponed and waits for its lease to end", delivery.id(), error);
                    return Mono.empty();
                })
                .contextWrite(context -> Cause.put(context, delivery.event()));
    }

    private Mono<Void> handle(Delivery delivery) {
        Subscriber<?> subscriber = subscribers
                .named(delivery.handler())
                .orElseThrow(() -> new IllegalStateException("There is no handler " + delivery.handler()));
        return subscriber instanceof RemoteEventHandler<?> remote
                ? handleRemotely(remote, delivery)
                : handleHere((EventHandler<?>) subscriber, delivery);
    }

    private <E extends DomainEvent> Mono<Void> handleHere(EventHandler<E> handler, Delivery delivery) {
        return acknowledging(
                delivery, Mono.defer(() -> handler.handle(codec.decode(delivery.event(), handler.eventClass()))));
    }

    /** Asks in a transaction, which ends only when the event it was about is on disk: the world is told nothing before. */
    private <E extends DomainEvent> Mono<Void> handleRemotely(RemoteEventHandler<E> handler, Delivery delivery) {
        return deliveries
                .isHeld(delivery)
                .as(tx::transactional)
                .flatMap(held -> held ? send(handler, delivery) : releaseToLater(delivery));
    }

    private <E extends DomainEvent> Mono<Void> send(RemoteEventHandler<E> handler, Delivery delivery) {
        return handler.handle(codec.decode(delivery.event(), handler.eventClass()), delivery.id())
                .flatMap(fact -> acknowledging(delivery, publisher.publish(fact)));
    }

    private Mono<Void> acknowledging(Delivery delivery, Mono<Void> effect) {
        return deliveries
                .acknowledge(delivery)
                .flatMap(ours -> ours ? effect : releaseToLater(delivery))
                .as(tx::transactional);
    }

    /** Something earlier is owed, or somebody else has taken over; in that case this changes nothing. */
    private Mono<Void> releaseToLater(Delivery delivery) {
        return deliveries.release(delivery, clock.instant().plus(HELD_BACK));
    }

    private Mono<Void> postpone(Delivery delivery, Throwable error) {
        Instant next = clock.instant().plus(backoff(delivery.attempts()));
        log.warn(
                "{} failed at {} of order {}, attempt {}, next at {}: {}",
                delivery.handler(),
                delivery.event().type(),
                delivery.event().aggregateId(),
                delivery.attempts(),
                next,
                reason(error));
        return deliveries.postpone(delivery, next, reason(error));
    }

    /** Full jitter: attempts that failed together do not come back together. */
    private Duration backoff(int attempts) {
        BusProperties.Backoff backoff = properties.backoff();
        long ceiling = backoff.first().toMillis() << Math.min(attempts, 20);
        long bounded = Math.min(ceiling, backoff.longest().toMillis());
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(bounded) + 1);
    }

    private static String reason(Throwable error) {
        String reason = error instanceof TimeoutException ? "timed out" : String.valueOf(error);
        return reason.length() <= MAX_ERROR_LENGTH ? reason : reason.substring(0, MAX_ERROR_LENGTH);
    }
}
