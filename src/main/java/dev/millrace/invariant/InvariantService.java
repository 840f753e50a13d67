package dev.millrace.invariant;

import dev.millrace.invariant.Walk.Look;
import dev.millrace.shared.Overloaded;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import lombok.extern.slf4j.Slf4j;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Checks that the books are right, slice by slice, and remembers up to where they were. What is settled is looked at once, and
 * again only for as long as something is wrong with it; what is younger, at every look that has the time.
 */
@Slf4j
@Service
class InvariantService {

    /** Whoever asks meanwhile gets the same report: however many ask, the database is asked once. */
    private static final Duration SHARED = Duration.ofMillis(100);

    /** So long at most somebody waits for a report. The next one goes on where it has come to. */
    private static final Duration LONGEST = Duration.ofSeconds(30);

    /** So many rows are too much for one statement, also where they belong together. */
    private static final int LARGEST = 2_000_000;

    private final InvariantRepository repository;
    private final TransactionalOperator tx;
    private final TransactionalOperator snapshots;
    private final Clock clock;
    private final int rows;
    private final List<Invariant> invariants;
    private final Map<Invariant, Walk> walks = new ConcurrentHashMap<>();
    private final Mono<InvariantReport> report;

    InvariantService(
            InvariantRepository repository,
            TransactionalOperator tx,
            @Qualifier("snapshots") TransactionalOperator snapshots,
            Clock clock,
            InvariantProperties properties,
            @Value("${millrace.compensation.deadline}") Duration compensationDeadline) {
        this.repository = repository;
        this.tx = tx;
        this.snapshots = snapshots;
        this.clock = clock;
        this.rows = properties.slice();
        this.invariants = Invariants.all(compensationDeadline);
        this.report = checkAll(Pace.AT_ONCE)
                .timeout(LONGEST, Mono.error(Overloaded::new))
                .cache(SHARED);
    }

    /** Looks at all that was added since, up to now; fails with {@link Overloaded} if that is too much to wait for. */
    Mono<InvariantReport> checkAll() {
        return report;
    }

    /** One that fails does not keep the others from getting on. */
    Mono<InvariantReport> checkAll(Pace pace) {
        return Flux.fromIterable(invariants)
                .concatMapDelayError(invariant -> check(invariant, pace))
                .bufferUntilChanged(CheckResult::name)
                .map(CheckResult::ofAll)
                .collectList()
                .map(InvariantReport::of);
    }

    private Mono<CheckResult> check(Invariant invariant, Pace pace) {
        return Mono.defer(() -> {
            Round round = new Round(invariant, pace, new Watermark(clock.instant()));
            return repository
                    .findWatermark(invariant.mark())
                    .defaultIfEmpty(Watermark.BEGINNING)
                    .map(round::resume)
                    .flatMap(round::lookAgain)
                    .flatMap(round::goOn)
                    .flatMap(round::lookAtTheTail)
                    .map(found -> CheckResult.of(invariant.name(), found));
        });
    }

    /** One check's part of a look at the books. */
    private final class Round {

        private final Invariant invariant;
        private final Pace pace;
        private final Watermark settled;
        private final Watermark end;

        Round(Invariant invariant, Pace pace, Watermark now) {
            this.invariant = invariant;
            this.pace = pace;
            this.settled = now.minus(invariant.settling()).truncatedTo(invariant.unit());
            this.end = now.plus(Invariants.TRANSACTION);
        }

        /** From where this process has come to, unless somebody else has moved the mark. */
        Walk resume(Watermark mark) {
            Watermark from = mark.truncatedTo(invariant.unit());
            Walk last = walks.getOrDefault(invariant, Walk.from(from, rows));
            return last.mark().equals(from) ? last : Walk.from(from, rows);
        }

        Mono<Walk> lookAgain(Walk walk) {
            return Flux.fromIterable(walk.wrong())
                    .map(Look::slice)
                    .concatMap(slice -> look(Mono.just(slice)))
                    .filter(look -> !look.isRight())
                    .collectList()
                    .map(walk::with)
                    .flatMap(this::save);
        }

        Mono<Walk> goOn(Walk walk) {
            return Flux.just(walk)
                    .expand(from -> step(from, settled).flatMap(this::save))
                    .take(pace.slices())
                    .last();
        }

        /** From the settled part on, and not remembered: there may be more of it the next time. */
        Mono<Found> lookAtTheTail(Walk walk) {
            return isTailDue(walk)
                    .filter(due -> due)
                    .flatMapMany(
                            due -> Flux.just(Walk.from(walk.reached(), rows)).expand(from -> step(from, end)))
                    .last(Walk.from(walk.reached(), rows))
                    .map(tail -> walk.found().and(tail.found()));
        }

        private Mono<Boolean> isTailDue(Walk walk) {
            if (!invariant.early() || settled.isAfter(walk.reached())) {
                return Mono.just(false);
            }
            return pace.wholeTail()
                    ? Mono.just(true)
                    : repository.findNext(invariant, walk.reached(), end, rows).map(slice -> slice.until()
                            .equals(end));
        }

        /** Nothing, if it has come to the limit. */
        private Mono<Walk> step(Walk walk, Watermark limit) {
            if (!limit.isAfter(walk.reached()) || !walk.mayGoOn()) {
                return Mono.empty();
            }
            return look(repository.findNext(invariant, walk.reached(), limit, walk.rows()))
                    .map(look -> walk.past(look, rows))
                    .onErrorResume(error -> walk.mayTakeLess() ? Mono.just(walk.takingLess()) : Mono.error(error));
        }

        /** Which slice it is and what it holds is seen in one state of the database. */
        private Mono<Look> look(Mono<Slice> next) {
            return next.flatMap(slice -> check(slice).map(found -> new Look(slice, found)))
                    .as(snapshots::transactional)
                    .as(pace::keep);
        }

        private Mono<Found> check(Slice slice) {
            return slice.isBounded() ? repository.check(invariant, slice) : checkIfNotTooMuch(slice);
        }

        /** It cannot be divided, and what no statement can do in time is not tried again and again. */
        private Mono<Found> checkIfNotTooMuch(Slice slice) {
            return repository
                    .findNext(invariant, slice.from(), slice.until(), LARGEST)
                    .filter(whole -> whole.isBounded() && whole.until().equals(slice.until()))
                    .flatMap(whole -> repository.check(invariant, slice))
                    .switchIfEmpty(Mono.fromSupplier(() -> leaveOut(slice)));
        }

        private Found leaveOut(Slice slice) {
            log.warn("Too much for {} to compare: {}", invariant.name(), slice);
            return Found.NOTHING;
        }

        private Mono<Walk> save(Walk walk) {
            walks.put(invariant, walk);
            return repository
                    .saveWatermark(invariant.mark(), walk.mark())
                    .as(tx::transactional)
                    .thenReturn(walk);
        }
    }
}
