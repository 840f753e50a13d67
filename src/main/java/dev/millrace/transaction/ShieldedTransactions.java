package dev.millrace.transaction;

import dev.millrace.shared.InFlight;
import io.r2dbc.spi.R2dbcException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.reactive.TransactionCallback;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/**
 * Transactions that end as they were meant to: shielded from a caller that stops waiting, and repeated from the start when
 * the database asks for it (a deadlock, a lock wait that took too long).
 *
 * <p>Inside a transaction it joins: the outermost one commits or rolls back everything, and an error that is handled on the
 * way there does not doom it.
 */
final class ShieldedTransactions implements TransactionalOperator {

    private static final Duration LONGEST_REST = Duration.ofSeconds(1);

    private static final Retry WHEN_ASKED_TO = Retry.backoff(3, Duration.ofMillis(10))
            .jitter(0.75)
            .filter(Repeatable.class::isInstance)
            .onRetryExhaustedThrow((spec, signal) -> signal.failure());

    /** What PostgreSQL calls a deadlock, and a lock that was waited for too long; Spring takes them for something else. */
    private static final Set<String> LOST_A_LOCK = Set.of("40P01", "55P03");

    /** The work itself failed, not the commit, of which nobody knows whether it has happened. */
    private static final class Repeatable extends RuntimeException {

        Repeatable(Throwable cause) {
            super(null, cause, false, false);
        }
    }

    private final TransactionalOperator transactions;
    private final InFlight inFlight;
    private final TransactionProperties properties;
    private final @Nullable JointChanges sets;
    private final Outcomes outcomes;
    private final Clock clock;
    private final Map<String, TransactionLane> lanes = new ConcurrentHashMap<>();
    private final Map<String, TransactionLane> givingWay = new ConcurrentHashMap<>();
    private final Rush rush;

    ShieldedTransactions(
            TransactionalOperator transactions,
            InFlight inFlight,
            TransactionProperties properties,
            @Nullable JointChanges sets,
            Outcomes outcomes,
            Clock clock) {
        this.transactions = transactions;
        this.inFlight = inFlight;
        this.properties = properties;
        this.sets = sets;
        this.outcomes = outcomes;
        this.clock = clock;
        this.rush = new Rush(this::waitedFor, properties.busyFrom());
    }

    @Override
    public <T> Mono<T> transactional(Mono<T> work) {
        return Mono.deferContextual(context -> context.hasKey(ShieldedTransactions.class)
                ? work
                : inFlight.shield(context.<Lane>getOrEmpty(Lane.class)
                        .filter(lane -> properties.areShared())
                        .map(lane -> find(lane).join(lane, work))
                        .orElseGet(() -> begin(work))));
    }

    /** How those in a lane begin theirs. */
    private final class Unshielded implements Transactions {

        @Override
        public <T> Mono<T> transactional(Mono<T> work) {
            return begin(work);
        }

        @Override
        public <T> Mono<T> once(Mono<T> work) {
            return attempt(work).onErrorMap(Repeatable.class, Throwable::getCause);
        }
    }

    private <T> Mono<T> begin(Mono<T> work) {
        return attempt(work).retryWhen(WHEN_ASKED_TO).onErrorMap(Repeatable.class, Throwable::getCause);
    }

    private <T> Mono<T> attempt(Mono<T> work) {
        return transactions
                .transactional(work.onErrorMap(
                                ShieldedTransactions::lostALock,
                                error -> new PessimisticLockingFailureException("No lock was had", error))
                        .onErrorMap(ShieldedTransactions::isWorthRepeating, Repeatable::new))
                .contextWrite(context -> context.put(ShieldedTransactions.class, this));
    }

    /** More lanes than one have smaller groups, which cost more: only for whoever has the machine to itself, or needs all of it. */
    private TransactionLane find(Lane lane) {
        return lane.givesWay()
                ? find(lane, rush.isFar() ? properties.lanes() : 1, givingWay, this::rest)
                : find(lane, rush.isOn() ? properties.lanes() : 1, lanes, Rest.NONE);
    }

    private TransactionLane find(Lane lane, int choice, Map<String, TransactionLane> among, Rest rest) {
        return among.computeIfAbsent(
                lane.name() + Math.floorMod(lane.account().hashCode(), choice),
                name -> new TransactionLane(name, new Unshielded(), properties, sets, outcomes, rest));
    }

    /**
     * While many wait for an answer, what nobody waits for works for a small part of the time, until it has fallen so far behind
     * that its own turn has come.
     */
    private Duration rest(Duration worked, Stream<Lane> done) {
        rush.look();
        return rush.isOn() && waitedFor() > 0 && done.allMatch(this::isRecent)
                ? min(worked.multipliedBy(properties.rest()), LONGEST_REST)
                : Duration.ZERO;
    }

    private boolean isRecent(Lane lane) {
        Instant since = lane.owedSince();
        return since == null || since.isAfter(clock.instant().minus(properties.patience()));
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private int waitedFor() {
        return lanes.values().stream().mapToInt(TransactionLane::size).sum();
    }

    /** Refused: the items of a Flux would be seen before they are committed. */
    @Override
    public <T> Flux<T> execute(TransactionCallback<T> action) throws TransactionException {
        throw new UnsupportedOperationException("Only a Mono can answer after its commit");
    }

    private static boolean lostALock(Throwable error) {
        return error.getCause() instanceof R2dbcException cause && LOST_A_LOCK.contains(cause.getSqlState());
    }

    static boolean isWorthRepeating(Throwable error) {
        return error instanceof ConcurrencyFailureException || error instanceof TransientDataAccessException;
    }
}
