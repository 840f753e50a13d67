package dev.millrace.event;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import lombok.RequiredArgsConstructor;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.kafka.receiver.KafkaReceiver;
import reactor.kafka.receiver.ReceiverOptions;
import reactor.kafka.receiver.ReceiverRecord;
import reactor.kafka.receiver.internals.ConsumerFactory;

/** Reads the events' topic as one consumer of a group, as bytes, so that nothing in a record can end the reading. */
@RequiredArgsConstructor
final class KafkaRecordReceiver {

    private static final Duration COMMIT_INTERVAL = Duration.ofSeconds(1);
    private static final Duration REBALANCE = Duration.ofSeconds(5);

    private final BusProperties.Kafka kafka;
    private final String group;
    private volatile Sinks.Empty<Void> left = aConsumerThatHasLeft();

    /** Records that came together. */
    record Batch(List<ReceiverRecord<byte[], byte[]>> received) {

        List<? extends ConsumerRecord<byte[], byte[]>> records() {
            return received;
        }

        /** The group is done with them: their offsets are committed soon, or when the consumer leaves. */
        void acknowledge() {
            received.forEach(each -> each.receiverOffset().acknowledge());
        }
    }

    /** What comes, one batch at a time and only when it is asked for; an error ends it, and a new subscription begins anew. */
    Flux<Batch> batches() {
        return Flux.defer(() -> KafkaReceiver.create(new Consumers(), options()).receiveBatch(1))
                .subscribeOn(Schedulers.boundedElastic())
                .concatMap(batch -> batch.collectList().map(Batch::new), 1);
    }

    /** Completes when the consumer has committed what was acknowledged and left its group; the receiver does not wait. */
    Mono<Void> left() {
        return Mono.defer(() -> left.asMono());
    }

    private ReceiverOptions<byte[], byte[]> options() {
        return ReceiverOptions.<byte[], byte[]>create(KafkaSettings.forReceiving(kafka, group))
                .withKeyDeserializer(new ByteArrayDeserializer())
                .withValueDeserializer(new ByteArrayDeserializer())
                .commitInterval(COMMIT_INTERVAL)
                .maxDelayRebalance(REBALANCE)
                .closeTimeout(KafkaSettings.CLOSE_TIMEOUT)
                .subscription(Set.of(kafka.topic()));
    }

    private static Sinks.Empty<Void> aConsumerThatHasLeft() {
        Sinks.Empty<Void> left = Sinks.empty();
        left.tryEmitEmpty();
        return left;
    }

    /** Makes consumers that tell when they are closed. */
    private final class Consumers extends ConsumerFactory {

        @Override
        public <K, V> Consumer<K, V> createConsumer(ReceiverOptions<K, V> options) {
            Sinks.Empty<Void> leaving = Sinks.empty();
            Consumer<K, V> consumer =
                    new KafkaConsumer<>(
                            options.consumerProperties(), options.keyDeserializer(), options.valueDeserializer()) {

                        @Override
                        public void close(Duration timeout) {
                            try {
                                super.close(timeout);
                            } finally {
                                leaving.tryEmitEmpty();
                            }
                        }
                    };
            left = leaving;
            return consumer;
        }
    }
}
