package dev.millrace.event;

import java.time.Duration;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.springframework.boot.web.server.context.WebServerGracefulShutdownLifecycle;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Begins to send to Kafka and to hear from it once a broker is there; the service does not wait for that. A stop finishes what
 * is in hand, and leaves the rest where it is: recorded and not sent, or sent and not taken in.
 */
@Slf4j
@RequiredArgsConstructor
final class KafkaDelivery implements SmartLifecycle {

    private final KafkaTopics topics;
    private final KafkaRelay relay;
    private final KafkaInbox inbox;
    private final KafkaRecordSender sender;
    private final Subscribers subscribers;
    private final Duration drainTimeout;

    private Sinks.Empty<Void> stop = Sinks.empty();
    private Sinks.Empty<Void> ended = Sinks.empty();
    private Disposable background = Disposables.disposed();
    private volatile boolean running;

    @Override
    public void start() {
        running = true;
        Sinks.Empty<Void> stopping = Sinks.empty();
        Sinks.Empty<Void> ending = Sinks.empty();
        stop = stopping;
        ended = ending;
        background = topics.create()
                .thenReturn(true)
                .takeUntilOther(stopping.asMono())
                .flatMap(there -> relayAndTakeIn(stopping.asMono()))
                .doOnError(error -> log.error("Nothing goes to Kafka or comes from it any more", error))
                .onErrorComplete()
                .doFinally(signal -> ending.tryEmitEmpty())
                .subscribe();
    }

    private Mono<Void> relayAndTakeIn(Mono<Void> stopping) {
        return Flux.fromIterable(subscribers.names())
                .filter(handler -> !handler.equals(KafkaUnreadableEventHandler.NAME))
                .map(handler -> inbox.run(handler, stopping))
                .startWith(relay.run(stopping))
                .flatMap(work -> work, Integer.MAX_VALUE)
                .then();
    }

    @Override
    public void stop(Runnable done) {
        running = false;
        stop.tryEmitEmpty();
        ended.asMono()
                .timeout(drainTimeout)
                .doOnError(error -> log.warn("Stopping with something under way to Kafka or from it"))
                .onErrorComplete()
                .doFinally(signal -> background.dispose())
                .then(sender.close())
                .doFinally(signal -> done.run())
                .subscribe();
    }

    @Override
    public void stop() {
        stop(() -> {});
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Between the deliveries below, which take what came in, and the work above, which records what goes out. */
    @Override
    public int getPhase() {
        return WebServerGracefulShutdownLifecycle.SMART_LIFECYCLE_PHASE - 3072;
    }
}
