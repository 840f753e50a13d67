package dev.millrace.event;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.kafka.sender.KafkaSender;
import reactor.kafka.sender.SenderOptions;
import reactor.kafka.sender.SenderRecord;
import reactor.kafka.sender.SenderResult;

/**
 * Sends events to the brokers through one producer, which is replaced if it fails: reactor-kafka remembers a creation that
 * failed for good, and Kafka has errors that a producer does not recover from. For one caller at a time.
 *
 * <p>Together with {@link KafkaRecordReceiver} the only one that knows reactor-kafka.
 */
@Slf4j
@RequiredArgsConstructor
final class KafkaRecordSender {

    private static final int MAX_IN_FLIGHT = 256;
    private static final Duration LONGEST = KafkaSettings.DELIVERY_TIMEOUT.plusSeconds(10);

    private final BusProperties.Kafka kafka;
    private volatile @Nullable KafkaSender<byte[], byte[]> current;

    /**
     * What the brokers have said.
     *
     * @param taken the deliveries whose events they have on all their disks
     * @param refused those that failed, and why; of those that are in neither nothing is known
     */
    record Sent(Set<UUID> taken, Map<UUID, Throwable> refused) {

        static Sent nothing() {
            return new Sent(new HashSet<>(), new HashMap<>());
        }

        boolean hasAllOf(List<Delivery> deliveries) {
            return taken.size() == deliveries.size();
        }

        void add(Sent other) {
            taken.addAll(other.taken);
            refused.putAll(other.refused);
        }

        private void add(SenderResult<UUID> result) {
            if (result.exception() == null) {
                taken.add(result.correlationMetadata());
            } else {
                refused.put(result.correlationMetadata(), result.exception());
            }
        }
    }

    /** Fails unless a broker has told where the topics are: only then sending does not wait. */
    Mono<Void> reach() {
        return Mono.defer(() -> sender().doOnProducer(producer -> List.of(
                        producer.partitionsFor(kafka.topic()), producer.partitionsFor(kafka.deadLetterTopic()))))
                .subscribeOn(Schedulers.boundedElastic())
                .then()
                .onErrorResume(error -> close().then(Mono.error(error)));
    }

    /** Sends the event of each delivery, side by side. Never fails: what was not taken is missing from what was. */
    Mono<Sent> send(List<Delivery> deliveries) {
        return Mono.defer(() -> sender().send(records(deliveries))
                        .take(LONGEST)
                        // What has failed is in the results; the error is the first of them again.
                        .onErrorResume(error -> Flux.empty())
                        .collect(Sent::nothing, (sent, result) -> sent.add(result)))
                .subscribeOn(Schedulers.boundedElastic())
                .flatMap(sent -> sent.hasAllOf(deliveries) ? Mono.just(sent) : close().thenReturn(sent));
    }

    /** Ends the producer, and what it has not sent is not sent any more. The next call has a new one. */
    Mono<Void> close() {
        return Mono.<Void>fromRunnable(this::closeCurrent)
                .subscribeOn(Schedulers.boundedElastic())
                .doOnError(error -> log.warn("A producer was not closed", error))
                .onErrorComplete();
    }

    private void closeCurrent() {
        KafkaSender<byte[], byte[]> sender = current;
        current = null;
        if (sender != null) {
            sender.close();
        }
    }

    private KafkaSender<byte[], byte[]> sender() {
        KafkaSender<byte[], byte[]> sender = current;
        if (sender == null) {
            sender = KafkaSender.create(options());
            current = sender;
        }
        return sender;
    }

    private SenderOptions<byte[], byte[]> options() {
        return SenderOptions.<byte[], byte[]>create(KafkaSettings.forSending(kafka))
                .withKeySerializer(new ByteArraySerializer())
                .withValueSerializer(new ByteArraySerializer())
                .stopOnError(false)
                .maxInFlight(MAX_IN_FLIGHT)
                // Not on the producer's own thread, which has to go on sending; reach() waits on this one.
                .scheduler(Schedulers.boundedElastic())
                .closeTimeout(KafkaSettings.CLOSE_TIMEOUT);
    }

    private Flux<SenderRecord<byte[], byte[], UUID>> records(List<Delivery> deliveries) {
        return Flux.fromIterable(deliveries)
                .map(delivery -> SenderRecord.create(
                        KafkaRecords.of(delivery.event(), topicOf(delivery.event())), delivery.id()));
    }

    private String topicOf(StoredEvent event) {
        return event.type().equals(KafkaUnreadableEvent.TYPE) ? kafka.deadLetterTopic() : kafka.topic();
    }
}
