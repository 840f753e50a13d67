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
            boolean atOnce = cause.faultPlan() == null && Lane.isShared(context);
            List<NewEvent> added = published.stream()
                    .map(event -> toNewEvent(event, cause, owe(event, shipment, atOnce)))
                    .toList();
            Mono<Void> appended = events.append(added, shipment::load);
            return atOnce
                    ? Flux.fromIterable(published).concatMap(this::handleAtOnce).then(appended)
                    : appended;
        });
    }

    /** Whoever fails at it either leaves the others or has spoilt it for all: both times it is done again, and in the end alone. */
    private <E extends DomainEvent> Mono<Void> handleAtOnce(E event) {
        return Flux.fromIterable(subscribers.of(event))
                .filter(subscriber ->
                        isHandledAtOnce(subscriber) && subscriber.delay(event).isZero())
                .concatMap(handler -> ((EventHandler<E>) handler).handle(event))
                .then()
                .onErrorMap(error -> new ConcurrencyFailureException("It could not be handled at once", error));
    }

    private static boolean isHandledAtOnce(Subscriber<?> subscriber) {
        return subscriber instanceof EventHandler<?> handler && handler.isHandledAtOnce();
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
    private <E extends DomainEvent> List<NewDelivery> owe(E event, Shipment shipment, boolean atOnce) {
        List<String> soon = new ArrayList<>();
        List<NewDelivery> later = new ArrayList<>();
        for (Subscriber<E> subscriber : subscribers.of(event)) {
            Duration delay = subscriber.delay(event);
            if (!delay.isZero()) {
                Instant now = clock.instant();
                later.add(NewDelivery.due(uuids.generate(), subscriber.name(), now, now.plus(delay)));
            } else if (!(atOnce && isHandledAtOnce(subscriber))) {
                soon.add(subscriber.name());
            }
        }
        List<NewDelivery> owed = new ArrayList<>(shipment.owe(soon));
        owed.addAll(later);
        return owed;
    }
}
