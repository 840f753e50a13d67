package dev.millrace.invariant;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Checks that the books are right, and remembers up to where they were. */
@Service
class InvariantService {

    /** Whoever asks meanwhile gets the same report: however many ask, the database is asked once. */
    private static final Duration SHARED = Duration.ofMillis(100);

    private final InvariantRepository repository;
    private final TransactionalOperator tx;
    private final TransactionalOperator snapshots;
    private final Clock clock;
    private final List<Invariant> invariants;
    private final Mono<InvariantReport> report;

    InvariantService(
            InvariantRepository repository,
            TransactionalOperator tx,
            @Qualifier("snapshots") TransactionalOperator snapshots,
            Clock clock,
            @Value("${millrace.compensation.deadline}") Duration compensationDeadline) {
        this.repository = repository;
        this.tx = tx;
        this.snapshots = snapshots;
        this.clock = clock;
        this.invariants = Invariants.all(compensationDeadline);
        this.report = Flux.defer(() -> Flux.fromIterable(invariants))
                .concatMap(this::check)
                .collectList()
                .map(InvariantReport::of)
                .cache(SHARED);
    }

    Mono<InvariantReport> checkAll() {
        return report;
    }

    private Mono<CheckResult> check(Invariant invariant) {
        Instant settled = clock.instant().minus(invariant.settling());
        return repository
                .findWatermark(invariant.name())
                .defaultIfEmpty(Watermark.BEGINNING)
                .flatMap(since -> check(invariant, since, settled));
    }

    /** The mark moves only when nothing is wrong, so that a violation is reported until it is mended. */
    private Mono<CheckResult> check(Invariant invariant, Watermark since, Instant settled) {
        Watermark next = new Watermark(settled);
        return repository
                .check(invariant, since, settled)
                .as(snapshots::transactional)
                .delayUntil(result -> result.ok() && next.isAfter(since)
                        ? repository.saveWatermark(invariant.name(), next).as(tx::transactional)
                        : Mono.empty());
    }
}
