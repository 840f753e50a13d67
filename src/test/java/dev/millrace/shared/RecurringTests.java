package dev.millrace.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

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

    @Test
    void restsInProportionToWhatATurnTook() {
        VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
        Recurring recurring = new Recurring("A test", Duration.ofSeconds(1), Mono.defer(() -> {
                    turns.incrementAndGet();
                    return Mono.delay(Duration.ofSeconds(3));
                }))
                .resting(9);

        recurring.start();
        time.advanceTimeBy(Duration.ofSeconds(30));
        assertThat(turns).hasValue(1);
        time.advanceTimeBy(Duration.ofSeconds(2));
        assertThat(turns).hasValue(2);

        recurring.stop();
    }

    @AfterEach
    void realTime() {
        VirtualTimeScheduler.reset();
    }

    private Recurring every(Mono<Void> work) {
        return new Recurring("A test", Duration.ofMillis(10), Mono.defer(() -> {
            turns.incrementAndGet();
            return work;
        }));
    }
}
