package dev.millrace.event;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** Who handles what: every handler in the application, by its name. */
@Component
class Subscribers {

    private final ObjectProvider<Subscriber<?>> beans;
    private volatile Map<String, Subscriber<?>> byName = Map.of();

    /** Handlers publish events themselves, so they can be known only once everything is there. */
    Subscribers(ObjectProvider<Subscriber<?>> beans) {
        this.beans = beans;
    }

    Collection<Subscriber<?>> all() {
        return byName().values();
    }

    /** The handlers that are owed events of the type, in a fixed order. */
    List<String> namesFor(Class<? extends DomainEvent> type) {
        return all().stream()
                .filter(subscriber -> subscriber.eventClass() == type)
                .map(Subscriber::name)
                .sorted()
                .toList();
    }

    Optional<Subscriber<?>> named(String name) {
        return Optional.ofNullable(byName().get(name));
    }

    private Map<String, Subscriber<?>> byName() {
        if (byName.isEmpty()) {
            byName = index(beans);
        }
        return byName;
    }

    private static Map<String, Subscriber<?>> index(Iterable<Subscriber<?>> subscribers) {
        Map<String, Subscriber<?>> index = new LinkedHashMap<>();
        for (Subscriber<?> subscriber : subscribers) {
            if (index.put(subscriber.name(), subscriber) != null) {
                throw new IllegalStateException("Two handlers are named " + subscriber.name());
            }
        }
        return index;
    }
}
