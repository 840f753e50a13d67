package dev.millrace.event;

import java.time.Clock;
import java.time.Duration;
import lombok.extern.slf4j.Slf4j;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.web.server.context.WebServerGracefulShutdownLifecycle;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/**
 * Starts delivery before the first request is taken and stops it after the last one is answered: what is being handled is
 * finished, what waits is handed back for the next start.
 */
@Slf4j
@Component
class EventDelivery implements SmartLifecycle {

    private final SinksEventBus bus;
    private final Subscribers subscribers;
    private final DeliveryWorker worker;
    private final DeliverySweeper sweeper;
    private final DeliveryQueue queue;
    private final BusProperties properties;
    private final Clock clock;
    private final Duration drainTimeout;

    private Disposable.Composite background = Disposables.composite();
    private Mono<Void> lanesEmpty = Mono.empty();
    private volatile boolean running;

    EventDelivery(
            SinksEventBus bus,
            Subscribers subscribers,
            DeliveryWorker worker,
            DeliverySweeper sweeper,
            DeliveryQueue queue,
            BusProperties properties,
            Clock clock,
            @Value("${millrace.shutdown.drain-timeout}") Duration drainTimeout) {
        this.bus = bus;
        this.subscribers = subscribers;
        this.worker = worker;
        this.sweeper = sweeper;
        this.queue = queue;
        this.properties = properties;
        this.clock = clock;
        this.drainTimeout = drainTimeout;
    }

    @Override
    public void start() {
        log.info("Delivering as instance {}", properties.instance());
        running = true;
        var handlers = subscribers.names();
        lanesEmpty = bus.run(handlers, this::attemptUnlessStopping)
                .doOnError(error -> log.error("The bus has ended; deliveries wait in the database", error))
                .cache();
        lanesEmpty.subscribe();
        background = Disposables.composite(
                takeBack().thenMany(sweeper.run()).subscribe(),
                sweeper.renewLeases().subscribe());
    }

    @Override
    public void stop(Runnable done) {
        running = false;
        background.dispose();
        bus.close();
        lanesEmpty
                .timeout(drainTimeout)
                .onErrorComplete()
                .then(Mono.defer(() -> queue.handBack(properties.instance(), clock.instant())))
                .timeout(drainTimeout.multipliedBy(2))
                .doOnNext(rows -> log.info("Handed back {} deliveries", rows))
                .doOnError(error -> log.warn("Deliveries were not handed back; their leases will end", error))
                .onErrorComplete()
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

    /** Between the database below and the web server above. */
    @Override
    public int getPhase() {
        return WebServerGracefulShutdownLifecycle.SMART_LIFECYCLE_PHASE - 4096;
    }

    private Mono<Long> takeBack() {
        return queue.takeBack(properties.instance(), clock.instant())
                .doOnNext(rows -> log.info("Took back {} deliveries that were under way", rows))
                .doOnError(error -> log.warn("Nothing was taken back; the leases will end", error))
                .onErrorComplete();
    }

    private Mono<Void> attemptUnlessStopping(Delivery delivery) {
        return running ? worker.attempt(delivery) : Mono.empty();
    }
}
