package dev.millrace.event;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How long a handler's failed deliveries are tried again.
 *
 * <p>The waits grow exponentially, with full jitter: each is anything up to twice the bound of the one before, so that
 * attempts that failed together do not come back together.
 *
 * @param first the bound of the first wait
 * @param longest the bound of any wait
 * @param attempts how many attempts are made at this pace
 * @param thenEvery the even pace after that; without it, that was the last attempt
 * @param maxAge how old a delivery may become before it is given up, whatever its attempts
 * @param holdsBack whether a dead delivery holds back the later ones of its aggregate
 * @see <a href="https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/">Exponential backoff and jitter</a>
 */
record RetryPolicy(
        @DefaultValue("200ms") Duration first,
        @DefaultValue("30s") Duration longest,
        @DefaultValue("8") int attempts,
        @Nullable Duration thenEvery,
        @DefaultValue("24h") Duration maxAge,
        @DefaultValue("false") boolean holdsBack) {

    static final RetryPolicy DEFAULT =
            new RetryPolicy(Duration.ofMillis(200), Duration.ofSeconds(30), 8, null, Duration.ofHours(24), false);

    /** The wait before the next attempt; empty if there is to be none. */
    Optional<Duration> nextWait(int attempts, Duration age) {
        if (age.compareTo(maxAge) >= 0) {
            return Optional.empty();
        }
        return attempts < this.attempts ? Optional.of(backoff(attempts)) : Optional.ofNullable(thenEvery);
    }

    /** Whether an attempt that has been begun is one too many: those before it ended without a word, perhaps by a crash. */
    boolean isExceededBy(int attempts, Duration age) {
        return attempts > this.attempts && (thenEvery == null || age.compareTo(maxAge) >= 0);
    }

    private Duration backoff(int attempts) {
        long bound = first.toMillis() << Math.min(Math.max(attempts - 1, 0), 20);
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(Math.min(bound, longest.toMillis())) + 1);
    }
}
