package dev.millrace.shared;

import java.time.Duration;
import java.util.function.IntSupplier;
import lombok.extern.slf4j.Slf4j;
import reactor.core.publisher.Flux;

/** Waits, with a deadline, until nothing is under way any more. */
@Slf4j
final class Drain {

    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

    private Drain() {}

    /** Runs {@code done} when the count is zero or the deadline has passed; does not block. */
    static void await(String what, IntSupplier count, Duration deadline, Runnable done) {
        Flux.interval(Duration.ZERO, LOOK_AGAIN)
                .takeUntil(tick -> count.getAsInt() == 0)
                .then()
                .timeout(deadline)
                .doOnError(error -> log.warn("Stopping with {} {} unfinished", count.getAsInt(), what))
                .onErrorComplete()
                .doFinally(signal -> done.run())
                .subscribe();
    }
}
