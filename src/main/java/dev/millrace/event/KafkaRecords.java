package dev.millrace.event;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Events as records of Kafka and back: CloudEvents in binary mode, so that the headers say all that a reader needs to know of
 * an event and the value is its payload.
 *
 * @see <a href="https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md">The
 *     binding</a>
 */
final class KafkaRecords {

    static final String ID = "ce_id";
    static final String TYPE = "ce_type";
    static final String SUBJECT = "ce_subject";

    private static final String SOURCE = "/millrace";
    private static final Pattern UUID_FORMAT = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    private static final Pattern TYPE_FORMAT = Pattern.compile("\\p{Graph}{1,64}");

    private KafkaRecords() {}

    /** The record of the event, keyed by its aggregate: one aggregate's events stand in one partition, in their order. */
    static ProducerRecord<byte[], byte[]> of(StoredEvent event, String topic) {
        ProducerRecord<byte[], byte[]> sent = new ProducerRecord<>(
                topic,
                bytes(event.aggregateId().toString()),
                bytes(event.payload().json()));
        Headers headers = sent.headers();
        add(headers, "ce_specversion", "1.0");
        add(headers, ID, event.id().toString());
        add(headers, TYPE, event.type());
        add(headers, "ce_source", SOURCE);
        add(headers, "ce_time", event.occurredAt().toString());
        add(headers, SUBJECT, event.aggregateId().toString());
        add(headers, "ce_sequence", Long.toString(event.sequence()));
        add(headers, "ce_correlationid", event.correlationId().toString());
        add(headers, "traceparent", event.traceparent());
        add(headers, "content-type", "application/json");
        return sent;
    }

    /** The event that the record says it is, if it says so. */
    static Optional<UUID> idOf(ConsumerRecord<?, ?> received) {
        return uuid(received, ID);
    }

    /** The aggregate of that event; of ours, each record says so. */
    static Optional<UUID> aggregateOf(ConsumerRecord<?, ?> received) {
        return uuid(received, SUBJECT);
    }

    static Optional<String> typeOf(ConsumerRecord<?, ?> received) {
        return header(received, TYPE).filter(type -> TYPE_FORMAT.matcher(type).matches());
    }

    private static Optional<UUID> uuid(ConsumerRecord<?, ?> received, String name) {
        return header(received, name)
                .filter(value -> UUID_FORMAT.matcher(value).matches())
                .map(UUID::fromString);
    }

    private static Optional<String> header(ConsumerRecord<?, ?> received, String name) {
        return Optional.ofNullable(received.headers().lastHeader(name))
                .map(Header::value)
                .map(value -> new String(value, StandardCharsets.UTF_8));
    }

    private static void add(Headers headers, String name, @Nullable String value) {
        if (value != null) {
            headers.add(name, bytes(value));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
