package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every event survives its way through JSON, under a name that is nobody else's. */
class EventCodecTests {

    private final EventCodec codec = new EventCodec();

    static Stream<Class<? extends DomainEvent>> events() {
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("dev.millrace").stream()
                        .filter(type -> type.isAssignableTo(DomainEvent.class) && !type.isInterface())
                        .map(JavaClass::reflect)
                        .map(type -> type.asSubclass(DomainEvent.class));
    }

    @ParameterizedTest
    @MethodSource("events")
    void bringsAnEventThroughJson(Class<? extends DomainEvent> type) throws ReflectiveOperationException {
        DomainEvent event = (DomainEvent) sample(type);

        String payload = codec.encode(event).json();

        assertThat(codec.decode(stored(codec.typeOf(type), payload), type)).isEqualTo(event);
        assertThat(codec.typeOf(type)).matches("[a-z]+\\.[a-z-]+\\.v[0-9]+").hasSizeLessThanOrEqualTo(64);
    }

    /** It is not read again; as what another type is asked for, it is. */
    @Test
    void handsOverTheObjectThatWasWritten() {
        UUID id = UUID.randomUUID();
        var event = new EventBench.Happened(id, 3);
        StoredEvent stored = new StoredEvent(
                id, "test.happened.v1", id, 1, Instant.EPOCH, codec.encode(event), id, null, null, null);

        assertThat(codec.decode(stored, EventBench.Happened.class)).isSameAs(event);
        assertThat(codec.decode(stored, EventBench.Told.class).aggregateId()).isEqualTo(id);
    }

    @Test
    void givesNoNameTwice() {
        List<String> names = events().map(codec::typeOf).toList();

        assertThat(names).doesNotHaveDuplicates().contains("order.confirmed.v1", "order.exported.v1");
    }

    @Test
    void skipsFieldsThatALaterWriterAdded() {
        UUID id = UUID.randomUUID();
        String payload = "{\"aggregateId\":\"%s\",\"number\":3,\"added\":{\"later\":[1]}}".formatted(id);

        var event = codec.decode(stored("test.happened.v1", payload), EventBench.Happened.class);

        assertThat(event).isEqualTo(new EventBench.Happened(id, 3));
    }

    @Test
    void refusesAnEventWithoutAName() {
        record Nameless(UUID aggregateId) implements DomainEvent {}

        assertThatIllegalArgumentException().isThrownBy(() -> codec.typeOf(Nameless.class));
    }

    private static StoredEvent stored(String type, String payload) {
        UUID id = UUID.randomUUID();
        return new StoredEvent(id, type, id, 1, Instant.EPOCH, Payload.of(payload), id, null, null, null);
    }

    private static Object sample(Class<?> type) throws ReflectiveOperationException {
        RecordComponent[] components = type.getRecordComponents();
        Object[] values = new Object[components.length];
        for (int index = 0; index < components.length; index++) {
            values[index] = value(components[index].getGenericType());
        }
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Constructor<?> constructor = type.getDeclaredConstructor(types);
        constructor.setAccessible(true);
        return constructor.newInstance(values);
    }

    private static Object value(Type type) throws ReflectiveOperationException {
        if (type instanceof ParameterizedType list) {
            return List.of(value(list.getActualTypeArguments()[0]));
        }
        Class<?> simple = (Class<?>) type;
        if (simple == long.class || simple == Long.class) {
            return (1L << 53) - 1;
        }
        if (simple == boolean.class) {
            return true;
        }
        if (simple == int.class || simple == Integer.class) {
            return Integer.MAX_VALUE;
        }
        if (simple == String.class) {
            return "a \"text\" with ünïcödé 🎉\n";
        }
        if (simple == UUID.class) {
            return UUID.randomUUID();
        }
        if (simple == Instant.class) {
            return Instant.parse("2026-01-02T03:04:05.678901Z");
        }
        if (simple.isEnum()) {
            return simple.getEnumConstants()[0];
        }
        return sample(simple);
    }
}
