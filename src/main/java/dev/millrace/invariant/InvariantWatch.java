package dev.millrace.invariant;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import lombok.extern.slf4j.Slf4j;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Checks the books at intervals, and tells what it found last as health and as gauges. */
@Slf4j
@Component("invariantsHealthIndicator")
class InvariantWatch implements ReactiveHealthIndicator {

    private final InvariantService invariants;
    private final MultiGauge violations;
    private volatile @Nullable InvariantReport last;

    InvariantWatch(InvariantService invariants, MeterRegistry metrics) {
        this.invariants = invariants;
        this.violations = MultiGauge.builder("millrace.invariant.violations")
                .description("What was found wrong by the last check")
                .register(metrics);
    }

    @Override
    public Mono<Health> health() {
        return Mono.fromSupplier(() -> toHealth(last));
    }

    Mono<Void> look() {
        return invariants.checkAll(Pace.GIVING_WAY).doOnNext(this::publish).then();
    }

    private void publish(InvariantReport report) {
        last = report;
        violations.register(
                report.checks().stream()
                        .map(check -> Row.of(Tags.of("check", check.name()), check.violations()))
                        .toList(),
                true);
        report.checks().stream().filter(check -> !check.ok()).forEach(check -> log.error("Violated: {}", check));
    }

    private static Health toHealth(@Nullable InvariantReport report) {
        if (report == null) {
            return Health.up().withDetail("checked", false).build();
        }
        Health.Builder health = report.ok() ? Health.up() : Health.down();
        report.checks().stream()
                .filter(check -> !check.ok())
                .forEach(check -> health.withDetail(check.name(), check.violations()));
        return health.build();
    }
}
