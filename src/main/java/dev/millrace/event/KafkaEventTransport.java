package dev.millrace.event;

import com.fasterxml.uuid.NoArgGenerator;
import java.time.Clock;
import java.util.Collection;
import lombok.RequiredArgsConstructor;
import org.springframework.transaction.reactive.TransactionSynchronization;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Carries events through Kafka: each delivery is leased to the brokers until its record comes back or patience ends, and one
 * more says that the record is yet to be sent.
 */
@RequiredArgsConstructor
final class KafkaEventTransport implements EventTransport {

    /** Who holds the lease of a delivery that is on its way through Kafka; no instance has such a name. */
    static final String BROKERS = "(kafka)";

    private final DeliveryRepository deliveries;
    private final KafkaRelay relay;
    private final BusProperties properties;
    private final NoArgGenerator uuids;
    private final Clock clock;

    @Override
    public Mono<Void> owe(StoredEvent event, Collection<String> handlers) {
        return TransactionSynchronizationManager.forCurrentTransaction().flatMap(transaction -> {
            transaction.registerSynchronization(new Nudge());
            return Flux.fromIterable(handlers)
                    .concatMap(handler -> leaveToKafka(untried(event, handler)))
                    .then(oweRecord(untried(event, KafkaRelay.HANDLER)));
        });
    }

    private Mono<Void> leaveToKafka(Delivery delivery) {
        return deliveries.insert(
                delivery, BROKERS, delivery.owedSince().plus(properties.kafka().patience()));
    }

    private Mono<Void> oweRecord(Delivery delivery) {
        return deliveries.insert(delivery, null, delivery.owedSince());
    }

    private Delivery untried(StoredEvent event, String handler) {
        return Delivery.untried(uuids.generate(), handler, clock.instant(), event);
    }

    private final class Nudge implements TransactionSynchronization {

        @Override
        public Mono<Void> afterCommit() {
            return Mono.fromRunnable(relay::nudge);
        }
    }
}
