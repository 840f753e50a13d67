package dev.millrace.event;

import com.fasterxml.uuid.NoArgGenerator;
import java.time.Clock;
import java.time.Duration;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionSynchronization;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Records events in the caller's transaction and has them delivered once it has committed.
 *
 * <p>Promised: an event is recorded if and only if the transaction commits, and is then delivered at least once to each of
 * its handlers, whatever dies in between; the events of one aggregate reach each handler in their order. Not promised: any
 * order between aggregates, or when. Outside of a transaction nothing is recorded and the caller gets an error.
 */
@Service
@RequiredArgsConstructor
public class EventPublisher {

    private final EventRepository events;
    private final DeliveryRepository deliveries;
    private final EventBus bus;
    private final EventCodec codec;
    private final Subscribers subscribers;
    private final BusProperties properties;
    private final NoArgGenerator uuids;
    private final Clock clock;

    /** Records what the aggregate has registered, and clears it. */
    public Mono<Void> publishEventsOf(AggregateRoot aggregate) {
        return Flux.defer(() -> Flux.fromIterable(aggregate.events()))
                .concatMap(this::publish)
                .then(Mono.fromRunnable(aggregate::clearEvents));
    }

    public Mono<Void> publish(DomainEvent event) {
        return TransactionSynchronizationManager.forCurrentTransaction()
                .flatMap(transaction -> store(event))
                .flatMapMany(stored -> Flux.fromIterable(subscribers.of(event))
                        .concatMap(subscriber -> owe(stored, subscriber.name(), subscriber.delay(event))))
                .then();
    }

    private Mono<StoredEvent> store(DomainEvent event) {
        return Mono.deferContextual(context -> events.append(
                uuids.generate(),
                codec.typeOf(event.getClass()),
                event.aggregateId(),
                clock.instant(),
                codec.encode(event),
                Cause.in(context)));
    }

    private Mono<Void> owe(StoredEvent event, String handler, Duration delay) {
        return delay.isZero() ? oweNow(event, handler) : oweLater(event, handler, delay);
    }

    private Mono<Void> oweNow(StoredEvent event, String handler) {
        return TransactionSynchronizationManager.forCurrentTransaction().flatMap(transaction -> {
            if (bus.reserve(handler, 1) == 0) {
                return oweLater(event, handler, Duration.ZERO);
            }
            Delivery delivery = new Delivery(uuids.generate(), handler, 1, 1, clock.instant(), event);
            transaction.registerSynchronization(new Offer(delivery));
            return deliveries.insert(
                    delivery, properties.instance(), delivery.owedSince().plus(properties.lease()));
        });
    }

    private Mono<Void> oweLater(StoredEvent event, String handler, Duration delay) {
        Delivery delivery = new Delivery(uuids.generate(), handler, 0, 0, clock.instant(), event);
        return deliveries.insert(delivery, null, delivery.owedSince().plus(delay));
    }

    /** Offers the delivery when its transaction has committed, and gives its place back when it has not. */
    @RequiredArgsConstructor
    private final class Offer implements TransactionSynchronization {

        private final Delivery delivery;

        @Override
        public Mono<Void> afterCompletion(int status) {
            return Mono.fromRunnable(() -> {
                if (status == STATUS_COMMITTED) {
                    bus.offer(delivery);
                } else {
                    bus.release(delivery.handler(), 1);
                }
            });
        }
    }
}
