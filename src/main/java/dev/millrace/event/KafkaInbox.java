package dev.millrace.event;

import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.event.EventRepository.NewEvent;
import dev.millrace.event.KafkaRecordReceiver.Batch;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.transaction.reactive.TransactionSynchronizationManager;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/**
 * Takes in what comes from Kafka: a record makes the delivery of its event due, and from there on it is one like any other.
 *
 * <p>Only the first record of an event finds the delivery leased to Kafka; a duplicate finds it taken, or handled and gone,
 * and changes nothing. The group moves on once that is stored.
 */
@Slf4j
@RequiredArgsConstructor
final class KafkaInbox {

    private static final String GROUP = "millrace.";
    private static final Retry UNTIL_STORED =
            Retry.backoff(Long.MAX_VALUE, Duration.ofMillis(100)).maxBackoff(Duration.ofSeconds(5));

    private final EventRepository events;
    private final DeliveryQueue queue;
    private final EventTransport transport;
    private final DeliverySweeper sweeper;
    private final Subscribers subscribers;
    private final EventCodec codec;
    private final TransactionalOperator tx;
    private final BusProperties properties;
    private final NoArgGenerator uuids;
    private final Clock clock;

    /** Takes in what comes for the handler until the stop, then finishes what it has in hand and leaves the group. */
    Mono<Void> run(String handler, Mono<Void> stop) {
        KafkaRecordReceiver receiver = new KafkaRecordReceiver(properties.kafka(), GROUP + handler);
        return KafkaTurns.until(stop, receiver.batches().map(batch -> take(handler, batch)))
                .doOnError(error -> log.warn("{} hears nothing from Kafka and begins anew", handler, error))
                .retryWhen(Retry.backoff(Long.MAX_VALUE, Duration.ofSeconds(1))
                        .maxBackoff(Duration.ofSeconds(30))
                        .transientErrors(true))
                .then(Mono.defer(receiver::left));
    }

    private Mono<Void> take(String handler, Batch batch) {
        return store(handler, batch.records())
                .doOnError(error -> log.warn("What came for {} is not stored yet: {}", handler, error.toString()))
                .retryWhen(UNTIL_STORED)
                .doOnSuccess(stored -> batch.acknowledge());
    }

    /** Most of what comes is for other handlers, and costs nothing. */
    private Mono<Void> store(String handler, List<? extends ConsumerRecord<byte[], byte[]>> records) {
        var unreadable = records.stream().filter(record -> !isReadable(record)).toList();
        var meant = records.stream().filter(record -> isFor(handler, record)).toList();
        return unreadable.isEmpty() && meant.isEmpty()
                ? Mono.empty()
                : Flux.fromIterable(unreadable)
                        .concatMap(this::keep)
                        .then(arrive(handler, meant))
                        .as(tx::transactional)
                        .then(Mono.fromRunnable(() -> sweeper.nudge(handler)));
    }

    private Mono<Void> arrive(String handler, List<? extends ConsumerRecord<?, ?>> records) {
        Set<UUID> aggregates = new HashSet<>();
        Set<UUID> ids = new HashSet<>();
        for (ConsumerRecord<?, ?> record : records) {
            KafkaRecords.aggregateOf(record).ifPresent(aggregates::add);
            KafkaRecords.idOf(record).ifPresent(ids::add);
        }
        return queue.arrive(handler, aggregates, ids, KafkaEventTransport.BROKERS, clock.instant())
                .then();
    }

    private boolean isFor(String handler, ConsumerRecord<?, ?> record) {
        return isReadable(record)
                && KafkaRecords.typeOf(record)
                        .flatMap(type -> subscribers.find(handler, type))
                        .isPresent();
    }

    private static boolean isReadable(ConsumerRecord<?, ?> record) {
        return KafkaRecords.idOf(record).isPresent()
                && KafkaRecords.typeOf(record).isPresent();
    }

    /** Whichever group comes first records it as an event, which then goes to the dead-letter topic and to the operators. */
    private Mono<Void> keep(ConsumerRecord<byte[], byte[]> unreadable) {
        KafkaUnreadableEvent event = KafkaUnreadableEvent.of(unreadable, "a record without a valid ce_id or ce_type");
        return TransactionSynchronizationManager.forCurrentTransaction().flatMap(transaction -> {
            Shipment shipment = transport.prepare();
            transaction.registerSynchronization(shipment);
            return events.appendFirst(toNewEvent(event, shipment))
                    .doOnNext(shipment::load)
                    .then();
        });
    }

    private NewEvent toNewEvent(KafkaUnreadableEvent event, Shipment shipment) {
        Instant now = clock.instant();
        List<NewDelivery> owed = new ArrayList<>(shipment.owe(List.of()));
        owed.add(NewDelivery.due(uuids.generate(), KafkaUnreadableEventHandler.NAME, now, now));
        return new NewEvent(
                event.recordId(),
                KafkaUnreadableEvent.TYPE,
                event.aggregateId(),
                now,
                codec.encode(event),
                Cause.NONE,
                owed);
    }
}
