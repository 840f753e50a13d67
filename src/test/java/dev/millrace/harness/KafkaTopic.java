package dev.millrace.harness;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A topic of a Kafka, as anybody sees it. */
public record KafkaTopic(String servers, String name) {

    private static final Duration POLL = Duration.ofMillis(100);

    /** Everything that is in it now, partition by partition. */
    public List<ConsumerRecord<byte[], byte[]>> read() {
        List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
        forEach(found::add);
        return found;
    }

    /** Hands on everything that is in it now, each partition in its order. */
    public void forEach(Consumer<ConsumerRecord<byte[], byte[]>> reader) {
        consume(Map.of(), consumer -> {
            Map<TopicPartition, Long> ends = ends(consumer);
            consumer.assign(ends.keySet());
            consumer.seekToBeginning(ends.keySet());
            while (ends.keySet().stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
                consumer.poll(POLL).forEach(reader);
            }
            return true;
        });
    }

    /** Whether the group is done with everything that is in it now. */
    public boolean isReadBy(String group) {
        return consume(Map.of(ConsumerConfig.GROUP_ID_CONFIG, group), consumer -> {
            Map<TopicPartition, Long> ends = ends(consumer);
            Map<TopicPartition, OffsetAndMetadata> done = consumer.committed(ends.keySet());
            return ends.entrySet().stream()
                    .allMatch(end -> end.getValue() == 0
                            || Objects.nonNull(done.get(end.getKey()))
                                    && done.get(end.getKey()).offset() >= end.getValue());
        });
    }

    /** Sends what was found to where it was found once more, as anybody might, and waits until it is there. */
    public void sendAgain(List<ConsumerRecord<byte[], byte[]>> records) {
        send(records.stream()
                .map(found -> new ProducerRecord<>(name, null, found.key(), found.value(), found.headers()))
                .toList());
    }

    /** Sends the records as anybody might, and waits until they are there. */
    public void send(List<ProducerRecord<byte[], byte[]>> records) {
        try (var producer =
                new KafkaProducer<>(settings(Map.of()), new ByteArraySerializer(), new ByteArraySerializer())) {
            records.forEach(producer::send);
            producer.flush();
        }
    }

    private Map<TopicPartition, Long> ends(KafkaConsumer<?, ?> consumer) {
        return consumer.endOffsets(consumer.partitionsFor(name).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .collect(Collectors.toSet()));
    }

    private <T> T consume(Map<String, Object> more, Function<KafkaConsumer<byte[], byte[]>, T> work) {
        try (var consumer =
                new KafkaConsumer<>(settings(more), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            return work.apply(consumer);
        }
    }

    private Map<String, Object> settings(Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(more);
        settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, servers);
        return settings;
    }
}
