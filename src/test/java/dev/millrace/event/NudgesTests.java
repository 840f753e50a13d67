package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** Whoever is nudged gets a turn after that, and only one however often it was nudged. */
class NudgesTests {

    private static final Duration NEVER = Duration.ofDays(1);

    private final Nudges nudges = new Nudges();
    private final Queue<String> turns = new ConcurrentLinkedQueue<>();
    private Disposable running = Disposables.disposed();

    @AfterEach
    void stop() {
        running.dispose();
    }

    @Test
    void giveEverybodyATurnAtAnInterval() {
        StepVerifier.withVirtualTime(() -> nudges.turns(Duration.ofSeconds(1), () -> List.of("one"))
                        .take(2))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(1))
                .expectNext("one")
                .thenAwait(Duration.ofSeconds(1))
                .expectNext("one")
                .verifyComplete();
    }

    @Test
    void giveATurnAtOnceToWhoeverIsNudged() {
        running = nudges.turns(NEVER, Set::of).subscribe(turns::add);

        nudges.nudge("one");

        await().untilAsserted(() -> assertThat(turns).containsExactly("one"));
    }

    @Test
    void giveOneTurnForManyNudges() {
        Sinks.Empty<Void> turn = Sinks.empty();
        running = nudges.turns(NEVER, Set::of)
                .concatMap(name -> Mono.fromRunnable(() -> turns.add(name)).then(turn.asMono()), 1)
                .subscribe();
        nudges.nudge("first");
        await().untilAsserted(() -> assertThat(turns).containsExactly("first"));

        for (int times = 0; times < 1_000; times++) {
            nudges.nudge("one");
            nudges.nudge("other");
        }
        turn.tryEmitEmpty();

        await().untilAsserted(() -> assertThat(turns).contains("one", "other"));
        assertThat(turns.stream().filter("one"::equals).count()).isLessThanOrEqualTo(3);
        assertThat(turns).hasSizeLessThanOrEqualTo(7);
    }

    /** Each nudge comes after a change; some turn must begin after it. */
    @Test
    void loseNoneOfWhatManyThreadsSay() {
        AtomicInteger changes = new AtomicInteger();
        AtomicInteger seen = new AtomicInteger();
        running = nudges.turns(NEVER, Set::of).subscribe(name -> seen.set(changes.get()));

        Flux.range(0, 4)
                .flatMap(
                        thread -> Mono.fromRunnable(() -> {
                                    for (int times = 0; times < 50_000; times++) {
                                        changes.incrementAndGet();
                                        nudges.nudge("one");
                                    }
                                })
                                .subscribeOn(Schedulers.boundedElastic()),
                        4)
                .then()
                .as(StepVerifier::create)
                .verifyComplete();

        await().untilAsserted(() -> assertThat(seen).hasValue(200_000));
    }
}
