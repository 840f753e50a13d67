package dev.millrace.event;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * A record came that does not say which event it is. What it was made of is kept in Base64, of long parts the beginning.
 *
 * @param recordId the same whoever finds the record, so that it is kept once
 * @param valueSize how long the value was
 */
@EventType(KafkaUnreadableEvent.TYPE)
record KafkaUnreadableEvent(
        UUID recordId,
        String topic,
        int partition,
        long offset,
        Instant recordedAt,
        String reason,
        @Nullable String key,
        List<NamedValue> headers,
        @Nullable String value,
        int valueSize)
        implements DomainEvent {

    static final String TYPE = "kafka.unreadable.v1";

    private static final int LONGEST_VALUE = 96 * 1024;
    private static final int LONGEST_PART = 512;
    private static final int MOST_HEADERS = 20;

    record NamedValue(String name, @Nullable String value) {}

    static KafkaUnreadableEvent of(ConsumerRecord<byte[], byte[]> found, String reason) {
        return new KafkaUnreadableEvent(
                idOf(found),
                found.topic(),
                found.partition(),
                found.offset(),
                Instant.ofEpochMilli(Math.max(0, found.timestamp())),
                reason,
                base64(found.key(), LONGEST_PART),
                StreamSupport.stream(found.headers().spliterator(), false)
                        .limit(MOST_HEADERS)
                        .map(KafkaUnreadableEvent::named)
                        .toList(),
                base64(found.value(), LONGEST_VALUE),
                found.value() == null ? 0 : found.value().length);
    }

    @Override
    public UUID aggregateId() {
        return recordId;
    }

    /** Of its place and time: a topic that was deleted and made again counts from zero once more. */
    private static UUID idOf(ConsumerRecord<?, ?> found) {
        String place = found.topic() + "/" + found.partition() + "/" + found.offset() + "@" + found.timestamp();
        return UUID.nameUUIDFromBytes(place.getBytes(StandardCharsets.UTF_8));
    }

    private static NamedValue named(Header header) {
        String name = header.key().length() <= LONGEST_PART
                ? header.key()
                : header.key().substring(0, LONGEST_PART);
        return new NamedValue(name, base64(header.value(), LONGEST_PART));
    }

    private static @Nullable String base64(byte @Nullable [] bytes, int longest) {
        return bytes == null
                ? null
                : Base64.getEncoder().encodeToString(Arrays.copyOf(bytes, Math.min(bytes.length, longest)));
    }
}
