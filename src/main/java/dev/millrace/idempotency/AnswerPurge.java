package dev.millrace.idempotency;

import java.time.Clock;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Deletes answers that have been kept long enough, a batch at a time. */
@Slf4j
@Component
@RequiredArgsConstructor
class AnswerPurge implements SmartLifecycle {

    private static final int BATCH = 500;

    private final AnswerRepository answers;
    private final TransactionalOperator tx;
    private final IdempotencyProperties properties;
    private final Clock clock;
    private volatile Disposable running = Disposables.disposed();

    Mono<Void> purge() {
        return Mono.defer(() -> answers.purge(clock.instant().minus(properties.retention()), BATCH))
                .as(tx::transactional)
                .repeat()
                .takeUntil(rows -> rows < BATCH)
                .then();
    }

    @Override
    public void start() {
        running = Flux.interval(properties.purgeInterval())
                .onBackpressureDrop()
                .concatMap(
                        tick -> purge().doOnError(error -> log.warn("A purge failed", error))
                                .onErrorComplete(),
                        1)
                .subscribe();
    }

    @Override
    public void stop() {
        running.dispose();
    }

    @Override
    public boolean isRunning() {
        return !running.isDisposed();
    }
}
