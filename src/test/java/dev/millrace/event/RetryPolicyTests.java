package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Attempts grow rarer up to a bound, at random within it, and end by their number or by the delivery's age. */
class RetryPolicyTests {

    private static final Duration FRESH = Duration.ZERO;
    private static final RetryPolicy ENDING =
            new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(1), 8, null, Duration.ofHours(24), false);
    private static final RetryPolicy GOING_ON = new RetryPolicy(
            Duration.ofMillis(100), Duration.ofSeconds(1), 3, Duration.ofMinutes(15), Duration.ofHours(24), true);

    @Test
    void doublesTheBoundOfEachWaitUpToTheLongest() {
        assertThat(longestOf(ENDING, 1)).isBetween(Duration.ofMillis(80), Duration.ofMillis(100));
        assertThat(longestOf(ENDING, 2)).isBetween(Duration.ofMillis(160), Duration.ofMillis(200));
        assertThat(longestOf(ENDING, 4)).isBetween(Duration.ofMillis(640), Duration.ofMillis(800));
        assertThat(longestOf(ENDING, 7)).isBetween(Duration.ofMillis(800), Duration.ofSeconds(1));
    }

    @Test
    void spreadsTheWaitsOverAllOfTheBound() {
        assertThat(IntStream.range(0, 1_000)
                        .mapToObj(draw -> ENDING.nextWait(7, FRESH).orElseThrow()))
                .allMatch(wait -> wait.toMillis() >= 1)
                .anyMatch(wait -> wait.toMillis() < 200)
                .anyMatch(wait -> wait.toMillis() > 800);
    }

    @Test
    void endsWithTheLastAttempt() {
        assertThat(ENDING.nextWait(7, FRESH)).isPresent();
        assertThat(ENDING.nextWait(8, FRESH)).isEmpty();
        assertThat(ENDING.nextWait(1_000_000, FRESH)).isEmpty();
    }

    @Test
    void goesOnAtAnEvenPaceIfItHasOne() {
        assertThat(GOING_ON.nextWait(2, FRESH).orElseThrow()).isLessThanOrEqualTo(Duration.ofMillis(200));
        assertThat(GOING_ON.nextWait(3, FRESH)).isEqualTo(Optional.of(Duration.ofMinutes(15)));
        assertThat(GOING_ON.nextWait(90, FRESH)).isEqualTo(Optional.of(Duration.ofMinutes(15)));
    }

    @Test
    void endsWithTheGreatestAgeWhateverTheAttempts() {
        assertThat(GOING_ON.nextWait(90, Duration.ofHours(24).minusMillis(1))).isPresent();
        assertThat(GOING_ON.nextWait(90, Duration.ofHours(24))).isEmpty();
        assertThat(ENDING.nextWait(1, Duration.ofHours(24))).isEmpty();
    }

    private static Duration longestOf(RetryPolicy policy, int attempts) {
        return IntStream.range(0, 1_000)
                .mapToObj(draw -> policy.nextWait(attempts, FRESH).orElseThrow())
                .max(Duration::compareTo)
                .orElseThrow();
    }
}
