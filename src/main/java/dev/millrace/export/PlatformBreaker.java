package dev.millrace.export;

import dev.millrace.event.PermanentFailure;
import dev.millrace.event.Suspended;
import dev.millrace.event.TransientFailure;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowSynchronizationStrategy;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.circuitbreaker.event.CircuitBreakerOnStateTransitionEvent;
import io.github.resilience4j.micrometer.tagged.TaggedCircuitBreakerMetrics;
import io.github.resilience4j.reactor.circuitbreaker.operator.CircuitBreakerOperator;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import lombok.extern.slf4j.Slf4j;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * Leaves the platform alone while it is down, and then tries it with one call. All that goes to the platform passes here.
 *
 * <p>Only what may pass counts against the platform: what it refuses for good, it has answered.
 */
@Slf4j
@Component
class PlatformBreaker implements MeterBinder {

    private final CircuitBreakerRegistry registry;
    private final CircuitBreaker breaker;
    private final Duration timeout;
    private final Duration openFor;
    private final Clock clock;
    private volatile Instant leftAloneUntil = Instant.MIN;

    PlatformBreaker(ExportProperties properties, Clock clock) {
        this.registry = CircuitBreakerRegistry.of(configuration(properties.breaker(), clock));
        this.breaker = registry.circuitBreaker("export");
        this.timeout = properties.timeout();
        this.openFor = properties.breaker().openFor();
        this.clock = clock;
        breaker.getEventPublisher().onStateTransition(this::note);
    }

    /** Makes the call, bounded in time; or no call, and the error is {@link Suspended}. */
    <T> Mono<T> protect(Mono<T> call) {
        return call.timeout(timeout, Mono.error(() -> new TransientFailure("platform did not answer in time")))
                .transform(CircuitBreakerOperator.of(breaker))
                .onErrorMap(CallNotPermittedException.class, error -> new Suspended("platform is left alone"));
    }

    /** Whether a call made now would be no call; wrongly false for a moment, which costs nothing: then it is {@link Suspended}. */
    boolean isOpen() {
        return switch (breaker.getState()) {
            case OPEN -> !clock.instant().isAfter(leftAloneUntil);
            case HALF_OPEN -> !isFreeForATrial();
            case FORCED_OPEN -> true;
            default -> false;
        };
    }

    @Override
    public void bindTo(MeterRegistry meters) {
        TaggedCircuitBreakerMetrics.ofCircuitBreakerRegistry(registry).bindTo(meters);
    }

    private boolean isFreeForATrial() {
        boolean free = breaker.tryAcquirePermission();
        if (free) {
            breaker.releasePermission();
        }
        return free;
    }

    private void note(CircuitBreakerOnStateTransitionEvent event) {
        State state = event.getStateTransition().getToState();
        if (state == State.OPEN) {
            leftAloneUntil = clock.instant().plus(openFor);
        }
        if (state == State.CLOSED) {
            log.info("The platform is back");
        } else if (event.getStateTransition().getFromState() == State.CLOSED) {
            log.warn("The platform is down; it is left alone and tried every {}", openFor);
        }
    }

    /** The first call after the wait is the trial; no thread is kept for that moment. */
    private static CircuitBreakerConfig configuration(ExportProperties.Breaker breaker, Clock clock) {
        return CircuitBreakerConfig.custom()
                .slidingWindow(
                        breaker.window(),
                        breaker.minimumCalls(),
                        SlidingWindowType.COUNT_BASED,
                        SlidingWindowSynchronizationStrategy.LOCK_FREE)
                .failureRateThreshold(breaker.failureRate())
                .slowCallDurationThreshold(breaker.slowCall())
                .slowCallRateThreshold(breaker.slowCallRate())
                .waitDurationInOpenState(breaker.openFor())
                .permittedNumberOfCallsInHalfOpenState(breaker.permittedInHalfOpen())
                .recordException(error -> !(error instanceof PermanentFailure))
                .clock(clock)
                .build();
    }
}
