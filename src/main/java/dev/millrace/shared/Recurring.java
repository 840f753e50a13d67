package dev.millrace.shared;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import lombok.AccessLevel;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Work that is done again and again for as long as the application runs, never twice at the same time. What fails is logged
 * and followed by the next turn; a turn that takes longer than the interval makes the next one late.
 */
@Slf4j
@RequiredArgsConstructor(access = AccessLevel.PRIVATE)
public final class Recurring implements SmartLifecycle {

    private static final Duration LONGEST_REST = Duration.ofMinutes(15);

    private final String name;
    private final Duration interval;
    private final Mono<?> work;
    private final int rest;
    private volatile Disposable running = Disposables.disposed();

    public Recurring(String name, Duration interval, Mono<?> work) {
        this(name, interval, work, 0);
    }

    /** The same, but after each turn it rests for at least so many times as long as the turn took, or for a quarter of an hour. */
    public Recurring resting(int times) {
        return new Recurring(name, interval, work, times);
    }

    @Override
    public void start() {
        running = Flux.interval(interval)
                .onBackpressureDrop()
                .concatMap(tick -> turn(), 1)
                .subscribe();
    }

    private Mono<Void> turn() {
        return Mono.defer(() -> {
            long begun = now();
            Mono<Long> resting = Mono.defer(
                    () -> Mono.delay(Duration.ofNanos(Math.min(LONGEST_REST.toNanos(), (now() - begun) * rest))));
            return work.then().onErrorResume(this::skip).then(rest == 0 ? Mono.empty() : resting.then());
        });
    }

    private static long now() {
        return Schedulers.parallel().now(TimeUnit.NANOSECONDS);
    }

    @Override
    public void stop() {
        running.dispose();
    }

    @Override
    public boolean isRunning() {
        return !running.isDisposed();
    }

    private Mono<Void> skip(Throwable error) {
        log.warn("{} failed and is done again in {}", name, interval, error);
        return Mono.empty();
    }
}
