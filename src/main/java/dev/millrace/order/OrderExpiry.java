package dev.millrace.order;

import java.time.Clock;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Component;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/**
 * Marks orders EXPIRED that have not been paid in time, a batch at a time.
 *
 * <p>Promised: of a payment and the expiry of its order one wins, and the other finds it so. Not promised: that an order can
 * no longer be paid the moment its time is over; until it is marked, it can. What somebody is paying or cancelling at that
 * moment is left for the next time; so a batch may be a little smaller although there are more.
 */
@Component
@RequiredArgsConstructor
class OrderExpiry {

    private static final int BATCH = 500;

    private final OpenOrderRepository orders;
    private final TransactionalOperator tx;
    private final Clock clock;

    Mono<Void> expireOrders() {
        return Mono.defer(() -> orders.expire(clock.instant(), BATCH))
                .as(tx::transactional)
                .repeat()
                .takeUntil(rows -> rows < BATCH / 2)
                .then();
    }
}
