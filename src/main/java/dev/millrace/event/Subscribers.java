package dev.millrace.event;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import org.springframework.util.function.SingletonSupplier;

/** Who handles what: every handler in the application. */
@Component
class Subscribers {

    private record Key(String name, String eventType) {}

    private final SingletonSupplier<Map<Key, Subscriber<?>>> byKey;
    private final SingletonSupplier<Map<String, List<Subscriber<?>>>> byName;
    private final SingletonSupplier<Map<Class<?>, List<Subscriber<?>>>> byEvent;
    private final EventCodec codec;

    /** Handlers publish events themselves, so they can be known only once everything is there. */
    Subscribers(ObjectProvider<Subscriber<?>> beans, EventCodec codec) {
        this.codec = codec;
        this.byKey =
                SingletonSupplier.of(() -> beans.stream().collect(Collectors.toMap(this::keyOf, Function.identity())));
        this.byName = SingletonSupplier.of(() -> all().stream().collect(Collectors.groupingBy(Subscriber::name)));
        this.byEvent =
                SingletonSupplier.of(() -> all().stream().collect(Collectors.groupingBy(Subscriber::eventClass)));
    }

    Collection<String> names() {
        return byName.obtain().keySet();
    }

    /** The handlers that are owed the event. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    <E extends DomainEvent> List<Subscriber<E>> of(E event) {
        return (List) byEvent.obtain().getOrDefault(event.getClass(), List.of());
    }

    Optional<Subscriber<?>> find(String name, String eventType) {
        return Optional.ofNullable(byKey.obtain().get(new Key(name, eventType)));
    }

    boolean isSuspended(String name) {
        return byName.obtain().getOrDefault(name, List.of()).stream().anyMatch(Subscriber::isSuspended);
    }

    private Collection<Subscriber<?>> all() {
        return byKey.obtain().values();
    }

    private Key keyOf(Subscriber<?> subscriber) {
        return new Key(subscriber.name(), codec.typeOf(subscriber.eventClass()));
    }
}
