package dev.millrace.shared;

import java.time.Duration;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Work that is done again and again for as long as the application runs, never twice at the same time. What fails is logged
 * and followed by the next turn; a turn that takes longer than the interval makes the next one late.
 */
@Slf4j
@RequiredArgsConstructor
public final class Recurring implements SmartLifecycle {

    private final String name;
    private final Duration interval;
    private final Mono<?> work;
    private volatile Disposable running = Disposables.disposed();

    @Override
    public void start() {
        running = Flux.interval(interval)
                .onBackpressureDrop()
                .concatMap(tick -> turn(), 1)
                .subscribe();
    }

    private Mono<Void> turn() {
        return work.then().onErrorResume(this::skip);
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
