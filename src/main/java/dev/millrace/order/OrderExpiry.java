package dev.millrace.order;

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

/**
 * Marks orders EXPIRED that have not been paid in time, a batch at a time.
 *
 * <p>Promised: of a payment and the expiry of its order one wins, and the other finds it so. Not promised: that an order can
 * no longer be paid the moment its time is over; until it is marked, it can.
 */
@Slf4j
@Component
@RequiredArgsConstructor
class OrderExpiry implements SmartLifecycle {

    private static final int BATCH = 500;

    private final OrderRepository orders;
    private final TransactionalOperator tx;
    private final OrderProperties properties;
    private final Clock clock;
    private volatile Disposable running = Disposables.disposed();

    Mono<Void> expireOrders() {
        return Mono.defer(() -> orders.expire(clock.instant(), BATCH))
                .as(tx::transactional)
                .repeat()
                .takeUntil(rows -> rows < BATCH)
                .then();
    }

    @Override
    public void start() {
        running = Flux.interval(properties.expiryInterval())
                .onBackpressureDrop()
                .concatMap(
                        tick -> expireOrders()
                                .doOnError(error -> log.warn("Orders were not expired", error))
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
