package dev.millrace.event;

import com.fasterxml.uuid.NoArgGenerator;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import lombok.RequiredArgsConstructor;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Carries events inside this process: each delivery is leased to it from the beginning and offered to the bus. */
@Component
@ConditionalOnProperty(name = "millrace.bus.transport", havingValue = "sinks")
@RequiredArgsConstructor
class SinksEventTransport implements EventTransport {

    private final EventBus bus;
    private final BusProperties properties;
    private final NoArgGenerator uuids;
    private final Clock clock;

    @Override
    public Shipment prepare() {
        return new Offers();
    }

    /** Offers what has a place on the bus when the transaction has committed, and gives back the places of all the rest. */
    private final class Offers implements Shipment {

        private final Map<UUID, String> places = new ConcurrentHashMap<>();
        private volatile Collection<Delivery> recorded = List.of();

        @Override
        public List<NewDelivery> owe(Collection<String> handlers) {
            return handlers.stream().map(this::owe).toList();
        }

        private NewDelivery owe(String handler) {
            UUID id = uuids.generate();
            Instant now = clock.instant();
            if (!bus.reserveForNew(handler)) {
                return NewDelivery.due(id, handler, now, now);
            }
            places.put(id, handler);
            return new NewDelivery(id, handler, 1, properties.instance(), now, now.plus(properties.lease()));
        }

        @Override
        public void load(Collection<Delivery> deliveries) {
            recorded = deliveries;
        }

        @Override
        public Mono<Void> afterCompletion(int status) {
            return Mono.fromRunnable(() -> {
                if (status == STATUS_COMMITTED) {
                    recorded.stream()
                            .filter(delivery -> places.remove(delivery.id()) != null)
                            .forEach(bus::offer);
                }
                places.values().forEach(handler -> bus.release(handler, 1));
            });
        }
    }
}
