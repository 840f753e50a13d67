package dev.millrace.shared;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Component;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/** Deletes what has been kept long enough, a batch at a time and each in a transaction of its own. */
@Component
@RequiredArgsConstructor
public class Purge {

    private static final int BATCH = 500;

    private final TransactionalOperator tx;
    private final Clock clock;

    /** Deletes so many rows from before that time, and tells how many there were. */
    @FunctionalInterface
    public interface Batch {
        Mono<Long> delete(Instant before, int limit);
    }

    public Mono<Void> olderThan(Duration retention, Batch batch) {
        return Mono.defer(() -> batch.delete(clock.instant().minus(retention), BATCH))
                .as(tx::transactional)
                .repeat()
                .takeUntil(rows -> rows < BATCH)
                .then();
    }
}
