package dev.millrace.shared;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.web.server.context.WebServerGracefulShutdownLifecycle;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * Work that is finished once it is begun, whoever stops waiting for it.
 *
 * <p>A client that hangs up cancels its pipeline, and a cancelled reactive transaction rolls back at an unknown moment,
 * sometimes without returning its connection (spring-framework#36344). Work shielded here does not notice: the cancellation
 * ends the waiting, not the work. A stop of the service waits for what is under way, with a deadline.
 */
@Component
public class InFlight implements SmartLifecycle {

    private final AtomicInteger count = new AtomicInteger();
    private final Duration deadline;
    private volatile boolean running;

    public InFlight(@Value("${millrace.shutdown.drain-timeout}") Duration deadline) {
        this.deadline = deadline;
    }

    /** Runs the work on subscription and to its end, even if the subscriber cancels. Work within work counts once. */
    public <T> Mono<T> shield(Mono<T> work) {
        return Mono.deferContextual(context -> context.hasKey(InFlight.class) ? work : begin(work, context));
    }

    private <T> Mono<T> begin(Mono<T> work, ContextView context) {
        count.incrementAndGet();
        CompletableFuture<T> begun = work.doFinally(signal -> count.decrementAndGet())
                .contextWrite(inner -> inner.put(InFlight.class, this))
                .contextWrite(context)
                .toFuture();
        return Mono.fromFuture(begun, true);
    }

    /** How much shielded work is under way. */
    public int count() {
        return count.get();
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop(Runnable done) {
        running = false;
        Drain.await("pieces of work", count::get, deadline, done);
    }

    @Override
    public void stop() {
        stop(() -> {});
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Stopped after the web server has stopped taking requests, and before anything that work needs. */
    @Override
    public int getPhase() {
        return WebServerGracefulShutdownLifecycle.SMART_LIFECYCLE_PHASE - 2048;
    }
}
