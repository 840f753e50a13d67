package dev.millrace.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.PermanentFailure;
import dev.millrace.event.Suspended;
import dev.millrace.event.TransientFailure;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** The platform is left alone once it is down, and is tried with one call at a time until it is back. */
class PlatformBreakerTests {

    private static final Duration OPEN_FOR = ExportFixture.BREAKER.openFor();

    private final SetClock clock = new SetClock();
    private final PlatformBreaker breaker =
            new PlatformBreaker(ExportFixture.propertiesOf(null, Duration.ofMillis(200)), clock);
    private final AtomicInteger calls = new AtomicInteger();

    @Test
    void letsCallsPassWhileFewFail() {
        for (int call = 0; call < 40; call++) {
            end(call % 3 == 0 ? failing() : succeeding());
        }

        assertThat(breaker.isOpen()).isFalse();
        assertThat(calls).hasValue(40);
    }

    @Test
    void leavesThePlatformAloneWhenHalfOfTheCallsFail() {
        for (int call = 0; call < 10; call++) {
            end(call % 2 == 0 ? failing() : succeeding());
        }

        assertThat(breaker.isOpen()).isTrue();
        breaker.protect(succeeding()).as(StepVerifier::create).verifyErrorSatisfies(error -> assertThat(error)
                .isInstanceOf(Suspended.class));
        assertThat(calls).hasValue(10);
    }

    @Test
    void doesNotHoldARefusalAgainstThePlatform() {
        for (int call = 0; call < 40; call++) {
            end(counted(Mono.error(new PermanentFailure("platform answered 400"))));
        }

        assertThat(breaker.isOpen()).isFalse();
    }

    @Test
    void holdsSilenceAgainstThePlatform() {
        for (int call = 0; call < 10; call++) {
            breaker.protect(counted(Mono.never())).as(StepVerifier::create).verifyErrorSatisfies(error -> assertThat(
                            error)
                    .isInstanceOf(TransientFailure.class)
                    .hasMessage("platform did not answer in time"));
        }

        assertThat(breaker.isOpen()).isTrue();
    }

    @Test
    void triesThePlatformWithOneCallAfterAWhile() {
        open();
        clock.forward(OPEN_FOR.plusMillis(1));
        Sinks.Empty<Void> trial = Sinks.empty();

        assertThat(breaker.isOpen()).isFalse();
        breaker.protect(trial.asMono()).subscribe();

        assertThat(breaker.isOpen()).isTrue();
        breaker.protect(succeeding()).as(StepVerifier::create).verifyErrorSatisfies(error -> assertThat(error)
                .isInstanceOf(Suspended.class));
        trial.tryEmitEmpty();
        assertThat(breaker.isOpen()).isFalse();
        breaker.protect(succeeding()).as(StepVerifier::create).verifyComplete();
    }

    @Test
    void leavesThePlatformAloneAgainWhenTheTrialFails() {
        open();
        clock.forward(OPEN_FOR.plusMillis(1));

        end(failing());

        assertThat(breaker.isOpen()).isTrue();
        clock.forward(OPEN_FOR);
        assertThat(breaker.isOpen()).isTrue();
        clock.forward(Duration.ofMillis(1));
        assertThat(breaker.isOpen()).isFalse();
    }

    @Test
    void takesARefusalForASignOfLife() {
        open();
        clock.forward(OPEN_FOR.plusMillis(1));

        end(counted(Mono.error(new PermanentFailure("platform answered 400"))));

        assertThat(breaker.isOpen()).isFalse();
    }

    @Test
    void makesRoomForAnotherTrialWhenOneIsCancelled() {
        open();
        clock.forward(OPEN_FOR.plusMillis(1));
        Disposable trial = breaker.protect(Mono.never()).subscribe();

        trial.dispose();

        assertThat(breaker.isOpen()).isFalse();
    }

    @Test
    void showsItsStateAsAMetric() {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        breaker.bindTo(meters);

        open();

        assertThat(meters.get("resilience4j.circuitbreaker.state")
                        .tags("name", "export", "state", "open")
                        .gauge()
                        .value())
                .isEqualTo(1);
    }

    private void open() {
        for (int call = 0; call < 10; call++) {
            end(failing());
        }
        assertThat(breaker.isOpen()).isTrue();
    }

    private void end(Mono<Void> call) {
        breaker.protect(call).onErrorComplete().as(StepVerifier::create).verifyComplete();
    }

    private Mono<Void> failing() {
        return counted(Mono.error(new TransientFailure("platform answered 503")));
    }

    private Mono<Void> succeeding() {
        return counted(Mono.empty());
    }

    private Mono<Void> counted(Mono<Void> outcome) {
        return Mono.defer(() -> {
            calls.incrementAndGet();
            return outcome;
        });
    }

    /** A clock that stands still until a test moves it. */
    private static final class SetClock extends Clock {

        private volatile Instant instant = Instant.parse("2026-05-01T10:00:00Z");

        void forward(Duration duration) {
            instant = instant.plus(duration);
        }

        @Override
        public Instant instant() {
            return instant;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
