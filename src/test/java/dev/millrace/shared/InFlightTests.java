package dev.millrace.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Shielded work is finished once it is begun, and a stop waits for it, though not forever. */
class InFlightTests {

    private final InFlight inFlight = new InFlight(Duration.ofMillis(200));
    private final Sinks.One<String> outcome = Sinks.one();

    @Test
    void answersWithTheResult() {
        Mono<String> work = inFlight.shield(Mono.just("done"));

        work.as(StepVerifier::create).expectNext("done").verifyComplete();
        assertThat(inFlight.count()).isZero();
    }

    @Test
    void passesErrorsAndEmptinessOn() {
        IllegalStateException failure = new IllegalStateException();

        inFlight.shield(Mono.error(failure)).as(StepVerifier::create).verifyErrorSatisfies(error -> assertThat(error)
                .isSameAs(failure));
        inFlight.shield(Mono.empty()).as(StepVerifier::create).verifyComplete();
        assertThat(inFlight.count()).isZero();
    }

    @Test
    void beginsNothingBeforeTheSubscription() {
        inFlight.shield(outcome.asMono());

        assertThat(inFlight.count()).isZero();
    }

    @Test
    void finishesTheWorkOfACallerThatCancels() {
        AtomicReference<String> seen = new AtomicReference<>();
        AtomicBoolean cancelled = new AtomicBoolean();
        Mono<String> work =
                outcome.asMono().doOnCancel(() -> cancelled.set(true)).doOnNext(seen::set);

        Disposable caller = inFlight.shield(work).subscribe();
        caller.dispose();
        assertThat(inFlight.count()).isEqualTo(1);
        outcome.tryEmitValue("done");

        assertThat(seen).hasValue("done");
        assertThat(cancelled).isFalse();
        assertThat(inFlight.count()).isZero();
    }

    @Test
    void keepsTheCallersContext() {
        Mono<String> work = inFlight.shield(Mono.deferContextual(context -> Mono.just(context.<String>get("who"))))
                .contextWrite(context -> context.put("who", "me"));

        work.as(StepVerifier::create).expectNext("me").verifyComplete();
    }

    @Test
    void stopsOnlyWhenTheWorkIsFinished() {
        AtomicBoolean stopped = new AtomicBoolean();
        InFlight patient = new InFlight(Duration.ofMinutes(1));
        patient.start();
        patient.shield(outcome.asMono()).subscribe();

        patient.stop(() -> stopped.set(true));
        await().during(Duration.ofMillis(60)).untilFalse(stopped);
        outcome.tryEmitValue("done");

        await().untilTrue(stopped);
        assertThat(patient.isRunning()).isFalse();
    }

    @Test
    void stopsAtItsDeadlineWhateverIsUnderWay() {
        AtomicBoolean stopped = new AtomicBoolean();
        inFlight.shield(outcome.asMono()).subscribe();

        inFlight.stop(() -> stopped.set(true));

        await().untilTrue(stopped);
        assertThat(inFlight.count()).isEqualTo(1);
    }
}
