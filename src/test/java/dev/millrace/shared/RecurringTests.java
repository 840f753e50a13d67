package dev.millrace.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Background work goes on whatever becomes of a turn, and ends with the application. */
class RecurringTests {

    private final AtomicInteger turns = new AtomicInteger();

    @Test
    void goesOnAfterAFailure() {
        Recurring recurring = every(Mono.error(new IllegalStateException("one turn")));

        recurring.start();

        await().untilAsserted(() -> assertThat(turns).hasValueGreaterThan(2));
        assertThat(recurring.isRunning()).isTrue();
        recurring.stop();
    }

    @Test
    void beginsNoTurnBeforeTheLastOneHasEnded() {
        Recurring recurring = every(Mono.never());

        recurring.start();

        await().during(Duration.ofMillis(200))
                .untilAsserted(() -> assertThat(turns).hasValueLessThan(2));
        recurring.stop();
        assertThat(recurring.isRunning()).isFalse();
    }

    private Recurring every(Mono<Void> work) {
        return new Recurring("A test", Duration.ofMillis(10), Mono.defer(() -> {
            turns.incrementAndGet();
            return work;
        }));
    }
}
