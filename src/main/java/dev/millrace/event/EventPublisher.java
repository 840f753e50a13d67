package dev.millrace.event;

import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.event.EventRepository.NewEvent;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;
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
    private final EventTransport transport;
    private final EventCodec codec;
    private final Subscribers subscribers;
    private final NoArgGenerator uuids;
    private final Clock clock;

    /** Records what the aggregate has registered, and clears it. */
    public Mono<Void> publishEventsOf(AggregateRoot aggregate) {
        return Mono.defer(() -> publish(aggregate.events())).then(Mono.fromRunnable(aggregate::clearEvents));
    }

    public Mono<Void> publish(DomainEvent event) {
        return publish(List.of(event));
    }

    private Mono<Void> publish(List<DomainEvent> published) {
        return published.isEmpty()
                ? Mono.empty()
                : TransactionSynchronizationManager.forCurrentTransaction()
                        .flatMap(transaction -> record(published, transaction));
    }

    private Mono<Void> record(List<DomainEvent> published, TransactionSynchronizationManager transaction) {
        return Mono.deferContextual(context -> {
            Shipment shipment = transport.prepare();
            transaction.registerSynchronization(shipment);
            Cause cause = Cause.in(context);
            List<NewEvent> added = published.stream()
                    .map(event -> toNewEvent(event, cause, owe(event, shipment)))
                    .toList();
            return events.append(added, shipment::load);
        });
    }

    private NewEvent toNewEvent(DomainEvent event, Cause cause, List<NewDelivery> owed) {
        return new NewEvent(
                uuids.generate(),
                codec.typeOf(event.getClass()),
                event.aggregateId(),
                clock.instant(),
                codec.encode(event),
                cause,
                owed);
    }

    /** What has a delay travels nowhere: it is due when its time has come. */
    private <E extends DomainEvent> List<NewDelivery> owe(E event, Shipment shipment) {
        List<String> atOnce = new ArrayList<>();
        List<NewDelivery> later = new ArrayList<>();
        for (Subscriber<E> subscriber : subscribers.of(event)) {
            if (subscriber.delay(event).isZero()) {
                atOnce.add(subscriber.name());
            } else {
                Instant now = clock.instant();
                later.add(NewDelivery.due(uuids.generate(), subscriber.name(), now, now.plus(subscriber.delay(event))));
            }
        }
        List<NewDelivery> owed = new ArrayList<>(shipment.owe(atOnce));
        owed.addAll(later);
        return owed;
    }
}
