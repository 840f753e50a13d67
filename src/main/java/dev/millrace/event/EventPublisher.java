package dev.millrace.event;

import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.event.EventRepository.NewEvent;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Service;
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
    private final EventTransport transport;
    private final EventCodec codec;
    private final Subscribers subscribers;
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
                .flatMap(stored -> oweNow(stored, event).then(oweLater(stored, event)));
    }

    private Mono<StoredEvent> store(DomainEvent event) {
        return Mono.deferContextual(context -> events.append(new NewEvent(
                uuids.generate(),
                codec.typeOf(event.getClass()),
                event.aggregateId(),
                clock.instant(),
                codec.encode(event),
                Cause.in(context))));
    }

    private Mono<Void> oweNow(StoredEvent stored, DomainEvent event) {
        List<String> handlers = subscribers.of(event).stream()
                .filter(subscriber -> subscriber.delay(event).isZero())
                .map(Subscriber::name)
                .toList();
        return transport.owe(stored, handlers);
    }

    /** What has a delay travels nowhere: it is due when its time has come. */
    private Mono<Void> oweLater(StoredEvent stored, DomainEvent event) {
        return Flux.fromIterable(subscribers.of(event))
                .filter(subscriber -> !subscriber.delay(event).isZero())
                .concatMap(subscriber -> oweLater(stored, subscriber.name(), subscriber.delay(event)))
                .then();
    }

    private Mono<Void> oweLater(StoredEvent stored, String handler, Duration delay) {
        Delivery delivery = Delivery.untried(uuids.generate(), handler, clock.instant(), stored);
        return deliveries.insert(delivery, null, delivery.owedSince().plus(delay));
    }
}
