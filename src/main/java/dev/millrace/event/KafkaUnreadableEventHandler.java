package dev.millrace.event;

import reactor.core.publisher.Mono;

/** Brings a record that nobody can read before the operators: its delivery is dead from the first attempt on. */
final class KafkaUnreadableEventHandler implements EventHandler<KafkaUnreadableEvent> {

    static final String NAME = "unreadable";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Class<KafkaUnreadableEvent> eventClass() {
        return KafkaUnreadableEvent.class;
    }

    @Override
    public Mono<Void> handle(KafkaUnreadableEvent event) {
        return Mono.error(() -> new PermanentFailure(event.reason()));
    }
}
