package dev.millrace.transaction;

import dev.millrace.transaction.Outcomes.Mark;
import java.time.Duration;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/**
 * The commit of one transaction, and what became of it if the answer to it was lost. That is read and never guessed: what the
 * database does not say in time remains unknown.
 */
@RequiredArgsConstructor
final class Commit {

    private static final Duration DEADLINE = Duration.ofSeconds(3);
    private static final Retry UNTIL_IT_IS_SAID =
            Retry.backoff(10, Duration.ofMillis(20)).maxBackoff(Duration.ofMillis(500));

    enum Outcome {
        COMMITTED,

        /** Nothing is changed: rolled back, or there was nothing to be changed. */
        ABORTED,
        UNKNOWN
    }

    private final Outcomes outcomes;
    private volatile @Nullable Mark mark;
    private volatile boolean next;

    /**
     * The work that is to be committed, with the question by what it is found again, which nobody waits for. What fails after
     * the work may nevertheless have committed.
     */
    Mono<Void> of(Mono<Void> work) {
        Mono<Mark> asked = outcomes.mark().doOnNext(found -> mark = found).onErrorComplete();
        return Mono.when(asked, work).doOnSuccess(end -> next = true);
    }

    /** Whether only the commit was left to do. */
    boolean isNext() {
        return next;
    }

    /** Finds out after a failure; never fails. */
    Mono<Outcome> outcome() {
        return Mono.defer(() -> Mono.justOrEmpty(mark)).flatMap(this::find).defaultIfEmpty(Outcome.UNKNOWN);
    }

    private Mono<Outcome> find(Mark lost) {
        return outcomes.find(lost)
                .switchIfEmpty(Mono.error(() -> new IllegalStateException("The commit is under way")))
                .retryWhen(UNTIL_IT_IS_SAID)
                .timeout(DEADLINE)
                .onErrorReturn(Outcome.UNKNOWN);
    }
}
