package dev.millrace.event;

import dev.millrace.event.AttemptRepository.Outcome;
import dev.millrace.event.DeliveryRepository.NotHeld;
import dev.millrace.transaction.Lane;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
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
    private static final Duration SUSPENDED = Duration.ofSeconds(1);

    private final Subscribers subscribers;
    private final DeliveryRepository deliveries;
    private final AttemptRepository attempts;
    private final EventPublisher publisher;
    private final EventCodec codec;
    private final TransactionalOperator tx;
    private final BusProperties properties;
    private final Clock clock;

    /**
     * Handles the delivery and acknowledges it, has it tried again later, or gives it up. Never fails: if even that cannot be
     * stored, the lease ends by itself.
     */
    Mono<Void> attempt(Delivery delivery) {
        return Mono.defer(() -> handle(delivery))
                .timeout(properties.timeout().multipliedBy(2), Mono.error(TimeoutException::new))
                .onErrorResume(error -> settle(delivery, Failure.of(error))
                        .contextWrite(
                                Lane.of(delivery.handler(), delivery.event().aggregateId())
                                        .givingWay(delivery.owedSince())
                                        .joined()))
                .onErrorResume(error -> {
                    log.warn("{} could not be settled and waits for its lease to end", delivery.id(), error);
                    return Mono.empty();
                })
                .contextWrite(laneOf(delivery).joined())
                .contextWrite(context -> Cause.put(context, delivery));
    }

    /** Of what goes well; to settle a failure takes longer, in a lane of the handler's own. */
    private Lane laneOf(Delivery delivery) {
        String lane = subscribers
                .find(delivery.handler(), delivery.event().type())
                .map(Subscriber::lane)
                .orElse(delivery.handler());
        UUID aggregateId = delivery.event().aggregateId();
        return new Lane(lane, aggregateId, new Subject(delivery.handler(), aggregateId))
                .givingWay(delivery.owedSince());
    }

    /** Deliveries of the same aggregate to the same handler never share a transaction. */
    private record Subject(String handler, UUID aggregateId) {}

    private Mono<Void> handle(Delivery delivery) {
        if (properties.policyOf(delivery.handler()).isExceededBy(delivery.attempts(), ageOf(delivery))) {
            return Mono.error(new PermanentFailure("too many attempts ended without a result"));
        }
        Subscriber<?> subscriber = subscribers
                .find(delivery.handler(), delivery.event().type())
                .orElseThrow(() -> new PermanentFailure(
                        "no handler for " + delivery.event().type()));
        return subscriber instanceof RemoteEventHandler<?> remote
                ? handleRemotely(remote, delivery)
                : handleHere((EventHandler<?>) subscriber, delivery);
    }

    private <E extends DomainEvent> Mono<Void> handleHere(EventHandler<E> handler, Delivery delivery) {
        E event = codec.decode(delivery.event(), handler.eventClass());
        return isHeld(delivery)
                .flatMap(held ->
                        held ? acknowledging(delivery, bounded(() -> handler.handle(event))) : releaseToLater(delivery))
                .as(tx::transactional)
                .onErrorResume(NotHeld.class, error -> releaseToLater(delivery));
    }

    /** Before what can be undone: when it is acknowledged, the database says once more whether it was to be done. */
    private Mono<Boolean> isHeld(Delivery delivery) {
        return isFresh(delivery) ? Mono.just(true) : deliveries.isHeld(delivery);
    }

    /** Before what cannot. Asks in a transaction, which ends only when the event it was about is on disk. */
    private Mono<Boolean> isSurelyHeld(Delivery delivery) {
        return isFresh(delivery) && properties.policyOf(delivery.handler()).holdsBack()
                ? Mono.just(true)
                : deliveries.isHeld(delivery).as(tx::transactional);
    }

    /** In turn, and with half of its lease left, whoever's clock is right; of any other only the database knows. */
    private boolean isFresh(Delivery delivery) {
        Duration half = properties.lease().dividedBy(2);
        return delivery.inTurn() && clock.instant().plus(half).isBefore(delivery.leaseEnd());
    }

    private <E extends DomainEvent> Mono<Void> handleRemotely(RemoteEventHandler<E> handler, Delivery delivery) {
        return isSurelyHeld(delivery).flatMap(held -> held ? send(handler, delivery) : releaseToLater(delivery));
    }

    private <E extends DomainEvent> Mono<Void> send(RemoteEventHandler<E> handler, Delivery delivery) {
        E event = codec.decode(delivery.event(), handler.eventClass());
        return bounded(() -> handler.handle(event, delivery.id()))
                .flatMap(
                        fact -> acknowledging(delivery, publisher.publish(fact)).as(tx::transactional))
                .onErrorResume(NotHeld.class, error -> releaseToLater(delivery));
    }

    /** Ends a handler that does not, inside of its transaction, which would otherwise hold its locks for as long. */
    private <T> Mono<T> bounded(Supplier<Mono<T>> handling) {
        return Mono.defer(handling).timeout(properties.timeout(), Mono.error(TimeoutException::new));
    }

    /** The effect comes first: what fails has changed nothing, and whoever shares the transaction goes on. */
    private Mono<Void> acknowledging(Delivery delivery, Mono<Void> effect) {
        return effect.then(Mono.defer(() -> deliveries.acknowledge(delivery)));
    }

    /** Something earlier is owed, or somebody else has taken over; in that case this changes nothing. */
    private Mono<Void> releaseToLater(Delivery delivery) {
        return deliveries.release(delivery, clock.instant().plus(HELD_BACK));
    }

    private Mono<Void> settle(Delivery delivery, Failure failure) {
        if (failure.isSuspension()) {
            return deliveries.release(delivery, clock.instant().plus(SUSPENDED));
        }
        return failure.isPermanent() ? giveUp(delivery, failure) : postponeOrGiveUp(delivery, failure);
    }

    private Mono<Void> postponeOrGiveUp(Delivery delivery, Failure failure) {
        Optional<Duration> wait =
                properties.policyOf(delivery.handler()).nextWait(delivery.attempts(), ageOf(delivery));
        return wait.isPresent() ? postpone(delivery, failure, failure.atLeast(wait.get())) : giveUp(delivery, failure);
    }

    private Duration ageOf(Delivery delivery) {
        return Duration.between(delivery.owedSince(), clock.instant());
    }

    private Mono<Void> postpone(Delivery delivery, Failure failure, Duration wait) {
        Instant next = clock.instant().plus(wait);
        log.warn("{}, attempt {}: {}; next at {}", delivery, delivery.attempts(), failure.reason(), next);
        return deliveries
                .postpone(delivery, next, failure.reason())
                .flatMap(ours -> ours ? record(delivery, Outcome.FAILED, failure) : Mono.empty())
                .as(tx::transactional);
    }

    private Mono<Void> giveUp(Delivery delivery, Failure failure) {
        log.error("{}, attempt {}: {}; given up", delivery, delivery.attempts(), failure.reason());
        return deliveries
                .bury(delivery, failure.reason())
                .flatMap(ours -> ours ? buried(delivery, failure) : Mono.empty())
                .as(tx::transactional);
    }

    private Mono<Void> buried(Delivery delivery, Failure failure) {
        return record(delivery, Outcome.GIVEN_UP, failure).then(Mono.defer(() -> subscribers
                .find(delivery.handler(), delivery.event().type())
                .map(subscriber -> tell(subscriber, delivery, failure))
                .orElseGet(Mono::empty)));
    }

    /** What cannot be read cannot be told to its handler either. */
    private <E extends DomainEvent> Mono<Void> tell(Subscriber<E> subscriber, Delivery delivery, Failure failure) {
        return codec.tryDecode(delivery.event(), subscriber.eventClass())
                .map(event -> subscriber.whenGivenUp(event, failure.reason(), delivery.attempts()))
                .orElseGet(Mono::empty);
    }

    private Mono<Void> record(Delivery delivery, Outcome outcome, Failure failure) {
        return attempts.insert(delivery, outcome, failure.reason(), clock.instant());
    }
}
