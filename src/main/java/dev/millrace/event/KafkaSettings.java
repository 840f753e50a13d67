package dev.millrace.event;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/** What the Kafka clients are told; whatever {@code millrace.bus.kafka.properties} says goes before it. */
final class KafkaSettings {

    /** How long the producer itself rides out a broker that is away, all in order; a record it gives up is sent anew later. */
    static final Duration DELIVERY_TIMEOUT = Duration.ofMinutes(2);

    /** Closing is waited for so long, by a stop too. */
    static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    /** One request carries one batch for each partition, and is waited for. */
    private static final int BATCH_BYTES = 128 * 1024;

    private KafkaSettings() {}

    static Map<String, Object> forSending(BusProperties.Kafka kafka) {
        return of(
                kafka,
                Map.of(
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                        true,
                        // A broker that leads a partition only just now may refuse one batch and take the next; then it
                        // refuses the first as out of order, until the producer gives it up.
                        ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
                        1,
                        ProducerConfig.BATCH_SIZE_CONFIG,
                        BATCH_BYTES,
                        ProducerConfig.LINGER_MS_CONFIG,
                        1,
                        // A call that waits for a broker holds up all that are behind it.
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        2_000L,
                        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                        (int) DELIVERY_TIMEOUT.toMillis()));
    }

    static Map<String, Object> forReceiving(BusProperties.Kafka kafka, String group) {
        return of(
                kafka,
                Map.of(
                        ConsumerConfig.GROUP_ID_CONFIG,
                        group,
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                        "earliest",
                        ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                        500,
                        ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                        false));
    }

    static Map<String, Object> forAdministration(BusProperties.Kafka kafka) {
        return of(
                kafka,
                Map.of(
                        AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                        5_000,
                        AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                        10_000));
    }

    private static Map<String, Object> of(BusProperties.Kafka kafka, Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers());
        all.putAll(kafka.properties());
        return all;
    }
}
