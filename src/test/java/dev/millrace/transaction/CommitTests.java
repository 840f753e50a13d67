package dev.millrace.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.transaction.Commit.Outcome;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What became of a commit is asked for until it is said, but not for ever. */
class CommitTests {

    private final RememberedOutcomes outcomes = new RememberedOutcomes();

    @Test
    void isWhatTheDatabaseSays() {
        outcomes.willSay(Outcome.ABORTED);

        lost(outcomes).as(StepVerifier::create).expectNext(Outcome.ABORTED).verifyComplete();
        assertThat(outcomes.asked()).isEqualTo(1);
    }

    @Test
    void isAskedForAgainWithPausesWhileItIsUnderWayOrOutOfReach() {
        outcomes.isUnderWay().isOutOfReach().isUnderWay().willSay(Outcome.COMMITTED);

        StepVerifier.withVirtualTime(() -> lost(outcomes))
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(50))
                .thenAwait(Duration.ofMillis(200))
                .expectNext(Outcome.COMMITTED)
                .verifyComplete();
    }

    @Test
    void remainsUnknownIfItIsNeverOver() {
        StepVerifier.withVirtualTime(() -> lost(outcomes))
                .thenAwait(Duration.ofSeconds(3))
                .expectNext(Outcome.UNKNOWN)
                .verifyComplete();
        assertThat(outcomes.asked()).isBetween(6, 11);
    }

    @Test
    void remainsUnknownIfNobodyAnswers() {
        outcomes.isSilent();

        StepVerifier.withVirtualTime(() -> lost(outcomes))
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(2_900))
                .thenAwait(Duration.ofMillis(100))
                .expectNext(Outcome.UNKNOWN)
                .verifyComplete();
    }

    @Test
    void remainsUnknownWhereNothingIsRemembered() {
        lost(Outcomes.NONE).as(StepVerifier::create).expectNext(Outcome.UNKNOWN).verifyComplete();
    }

    private static Mono<Outcome> lost(Outcomes outcomes) {
        Commit commit = new Commit(outcomes);
        return commit.of(Mono.empty()).then(commit.outcome());
    }
}
