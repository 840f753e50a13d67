package dev.millrace.event;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.stereotype.Component;

/** Who handles what: every handler in the application. Handlers publish events themselves, so they are asked for in the end. */
@Component
@RequiredArgsConstructor
class Subscribers implements SmartInitializingSingleton {

    private record Key(String name, String eventType) {}

    private final ObjectProvider<Subscriber<?>> beans;
    private final EventCodec codec;

    private volatile Map<Key, Subscriber<?>> byKey = Map.of();
    private volatile Map<String, List<Subscriber<?>>> byName = Map.of();
    private volatile Map<Class<?>, List<Subscriber<?>>> byEvent = Map.of();

    @Override
    public void afterSingletonsInstantiated() {
        List<Subscriber<?>> all = beans.stream().toList();
        byKey = all.stream().collect(Collectors.toMap(this::keyOf, Function.identity()));
        byName = all.stream().collect(Collectors.groupingBy(Subscriber::name));
        byEvent = all.stream().collect(Collectors.groupingBy(Subscriber::eventClass));
    }

    Collection<String> names() {
        return byName.keySet();
    }

    /** The handlers that are owed the event. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    <E extends DomainEvent> List<Subscriber<E>> of(E event) {
        return (List) byEvent.getOrDefault(event.getClass(), List.of());
    }

    Optional<Subscriber<?>> find(String name, String eventType) {
        return Optional.ofNullable(byKey.get(new Key(name, eventType)));
    }

    boolean isSuspended(String name) {
        return byName.getOrDefault(name, List.of()).stream().anyMatch(Subscriber::isSuspended);
    }

    private Key keyOf(Subscriber<?> subscriber) {
        return new Key(subscriber.name(), codec.typeOf(subscriber.eventClass()));
    }
}
