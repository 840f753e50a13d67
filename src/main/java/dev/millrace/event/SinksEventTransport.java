package dev.millrace.event;

import com.fasterxml.uuid.NoArgGenerator;
import java.time.Clock;
import java.util.Collection;
import lombok.RequiredArgsConstructor;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.stereotype.Component;
import org.springframework.transaction.reactive.TransactionSynchronization;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Carries events inside this process: each delivery is leased to it from the beginning and offered to the bus. */
@Component
@ConditionalOnProperty(name = "millrace.bus.transport", havingValue = "sinks")
@RequiredArgsConstructor
class SinksEventTransport implements EventTransport {

    private final DeliveryRepository deliveries;
    private final EventBus bus;
    private final BusProperties properties;
    private final NoArgGenerator uuids;
    private final Clock clock;

    @Override
    public Mono<Void> owe(StoredEvent event, Collection<String> handlers) {
        return Flux.fromIterable(handlers)
                .concatMap(handler -> owe(event, handler))
                .then();
    }

    private Mono<Void> owe(StoredEvent event, String handler) {
        return TransactionSynchronizationManager.forCurrentTransaction().flatMap(transaction -> {
            if (bus.reserve(handler, 1) == 0) {
                return oweAsDue(event, handler);
            }
            Delivery delivery = new Delivery(uuids.generate(), handler, 1, 1, clock.instant(), event);
            transaction.registerSynchronization(new Offer(delivery));
            return deliveries.insert(
                    delivery, properties.instance(), delivery.owedSince().plus(properties.lease()));
        });
    }

    private Mono<Void> oweAsDue(StoredEvent event, String handler) {
        Delivery delivery = Delivery.untried(uuids.generate(), handler, clock.instant(), event);
        return deliveries.insert(delivery, null, delivery.owedSince());
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
