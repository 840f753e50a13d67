package dev.millrace.event;

import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.event.EventRepository.NewEvent;
import dev.millrace.transaction.Lane;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import lombok.RequiredArgsConstructor;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Records events in the caller's transaction and has them delivered once it has committed.
 *
 * <p>Promised: an event is recorded if and only if the transaction commits, and is then delivered at least once to each of
 * its handlers, whatever dies in between; the events of one aggregate reach each handler in their order. A handler that may do
 * so ({@link EventHandler#isHandledAtOnce()}) handles it before that commit, and is not owed it then. Not promised: any order
 * between aggregates, or when. Outside of a transaction nothing is recorded and the caller gets an error.
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
            boolean atOnce = cause.faultPlan() == null && Lane.isSharedForTheFirstTime(context);
            List<Recorded<?>> all = new ArrayList<>();
            published.forEach(event -> all.add(prepare(event, cause, shipment, atOnce)));
            return events.append(all.stream().<NewEvent>map(Recorded::added).toList(), shipment::load)
                    .thenMany(Flux.fromIterable(all))
                    .filter(event -> !event.atOnce().isEmpty())
                    .concatMap(Recorded::handle)
                    .then();
        });
    }

    /** An event, and who handles it in the transaction that it is recorded in. */
    private record Recorded<E extends DomainEvent>(E event, NewEvent added, List<EventHandler<E>> atOnce) {

        /** Whoever fails at it either leaves the others or has spoilt it for all: both times it is done again, and owed. */
        Mono<Void> handle() {
            return Flux.fromIterable(atOnce)
                    .concatMap(handler -> handler.handle(event))
                    .then()
                    .onErrorMap(error -> new ConcurrencyFailureException("It could not be handled at once", error))
                    .contextWrite(context -> context.put(Cause.class, added.asCause()));
        }
    }

    private <E extends DomainEvent> Recorded<E> prepare(E event, Cause cause, Shipment shipment, boolean atOnce) {
        List<EventHandler<E>> now = new ArrayList<>();
        List<Subscriber<E>> later = new ArrayList<>();
        for (Subscriber<E> subscriber : subscribers.of(event)) {
            if (atOnce
                    && subscriber instanceof EventHandler<E> handler
                    && handler.isHandledAtOnce()
                    && handler.delay(event).isZero()) {
                now.add(handler);
            } else {
                later.add(subscriber);
            }
        }
        return new Recorded<>(event, toNewEvent(event, cause, owe(event, later, shipment)), now);
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
    private <E extends DomainEvent> List<NewDelivery> owe(E event, List<Subscriber<E>> owedTo, Shipment shipment) {
        List<String> soon = new ArrayList<>();
        List<NewDelivery> later = new ArrayList<>();
        for (Subscriber<E> subscriber : owedTo) {
            Duration delay = subscriber.delay(event);
            if (delay.isZero()) {
                soon.add(subscriber.name());
            } else {
                Instant now = clock.instant();
                later.add(NewDelivery.due(uuids.generate(), subscriber.name(), now, now.plus(delay)));
            }
        }
        List<NewDelivery> owed = new ArrayList<>(shipment.owe(soon));
        owed.addAll(later);
        return owed;
    }
}
