package dev.millrace.event;

import java.util.Optional;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Events as JSON and back. Fields that a reader does not know are skipped, so that a writer may add some. */
@Component
class EventCodec {

    private final JsonMapper json = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    String typeOf(Class<? extends DomainEvent> event) {
        EventType type = event.getAnnotation(EventType.class);
        if (type == null) {
            throw new IllegalArgumentException(event + " has no @EventType");
        }
        return type.value();
    }

    Payload encode(DomainEvent event) {
        return new Payload(json.writeValueAsString(event), event);
    }

    <E extends DomainEvent> Optional<E> tryDecode(StoredEvent event, Class<E> type) {
        try {
            return Optional.of(decode(event, type));
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }

    <E extends DomainEvent> E decode(StoredEvent event, Class<E> type) {
        Payload payload = event.payload();
        return type.isInstance(payload.event()) ? type.cast(payload.event()) : json.readValue(payload.json(), type);
    }
}
