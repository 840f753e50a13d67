package dev.millrace.event;

import com.fasterxml.uuid.NoArgGenerator;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import lombok.RequiredArgsConstructor;
import reactor.core.publisher.Mono;

/**
 * Carries events through Kafka: each delivery is leased to the brokers until its record comes back or patience ends, and one
 * more says that the record is yet to be sent.
 */
@RequiredArgsConstructor
final class KafkaEventTransport implements EventTransport {

    /** Who holds the lease of a delivery that is on its way through Kafka; no instance has such a name. */
    static final String BROKERS = "(kafka)";

    private final KafkaRelay relay;
    private final BusProperties properties;
    private final NoArgGenerator uuids;
    private final Clock clock;

    @Override
    public Shipment prepare() {
        return new Records();
    }

    private final class Records implements Shipment {

        @Override
        public List<NewDelivery> owe(Collection<String> handlers) {
            Instant now = clock.instant();
            NewDelivery record = NewDelivery.due(uuids.generate(), KafkaRelay.HANDLER, now, now);
            return Stream.concat(handlers.stream().map(this::leaveToKafka), Stream.of(record))
                    .toList();
        }

        private NewDelivery leaveToKafka(String handler) {
            Instant now = clock.instant();
            Instant patienceEnds = now.plus(properties.kafka().patience());
            return new NewDelivery(uuids.generate(), handler, 0, BROKERS, now, patienceEnds);
        }

        @Override
        public void load(Collection<Delivery> deliveries) {
            // The relay finds them in the database.
        }

        @Override
        public Mono<Void> afterCommit() {
            return Mono.fromRunnable(relay::nudge);
        }
    }
}
