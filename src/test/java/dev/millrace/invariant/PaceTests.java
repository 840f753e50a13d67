package dev.millrace.invariant;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Those who pay have the database to themselves most of the time. */
class PaceTests {

    private static final Duration TWENTIETH = Duration.ofSeconds(1);

    @Test
    void restsInProportionToWhatASliceTook() {
        StepVerifier.withVirtualTime(() -> Pace.GIVING_WAY.keep(Mono.delay(TWENTIETH)))
                .expectSubscription()
                .expectNoEvent(TWENTIETH.multipliedBy(20).minusMillis(1))
                .thenAwait(Duration.ofMillis(1))
                .expectNext(0L)
                .verifyComplete();
    }

    @Test
    void restsAfterAFailureToo() {
        StepVerifier.withVirtualTime(() -> Pace.GIVING_WAY.keep(
                        Mono.delay(TWENTIETH).then(Mono.error(new IllegalStateException("too much")))))
                .expectSubscription()
                .expectNoEvent(TWENTIETH.multipliedBy(20).minusMillis(1))
                .thenAwait(Duration.ofMillis(1))
                .verifyErrorMessage("too much");
    }

    @Test
    void doesNotRestWhileSomebodyWaits() {
        StepVerifier.withVirtualTime(() -> Pace.AT_ONCE.keep(Mono.delay(TWENTIETH)))
                .thenAwait(TWENTIETH)
                .expectNext(0L)
                .verifyComplete();
    }
}
