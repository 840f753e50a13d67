package dev.millrace.transaction;

import dev.millrace.shared.Overloaded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.dao.TransientDataAccessResourceException;
import org.springframework.transaction.TransactionException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.ContextView;

/**
 * Group commit: whatever arrived while a transaction ran goes through the next one together, and each is answered when that
 * has committed. There is no timer: who comes alone waits for nobody.
 *
 * <p>Promised: a result is told only after its commit, and each piece of work is done as if it had a transaction of its own.
 * Where one spoils the transaction for the others, all of them are done again in halves. If the commit of a group fails, the
 * database is asked whether it has happened ({@link Outcomes}): if so, each keeps its result; if not, all are done again. Where
 * it does not say, and for one alone, for whom it is not asked, nobody knows; everyone is told so, and nothing is done again.
 *
 * <p>Not promised: that the synchronizations of a group hear of a commit that was found out like that. They are told that it
 * was rolled back or is unknown, so nothing but a hint may hang on them.
 *
 * @see <a href="https://doi.org/10.1145/602259.602261">DeWitt et al., Implementation Techniques for Main Memory Database
 *     Systems, 1984: group commit</a>
 */
@Slf4j
@RequiredArgsConstructor
final class TransactionLane {

    private final String name;
    private final Transactions transactions;
    private final TransactionProperties properties;
    private final @Nullable JointChanges sets;
    private final Outcomes outcomes;
    private final Rest rest;
    private final Queue<Member<?>> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger members = new AtomicInteger();

    /** How many wait or are under way. */
    int size() {
        return members.get();
    }

    /** Does the work in a transaction with others; refused if too many wait. */
    <T> Mono<T> join(Lane lane, Mono<T> work) {
        return Mono.deferContextual(context -> Mono.create(sink -> enter(lane, work, context, sink)));
    }

    /**
     * Seen before it is counted: whoever finds the lane empty finds at least itself in the queue. The group is taken on another
     * thread, so that of those that one thread brings in a row the first does not leave without the others.
     */
    private <T> void enter(Lane lane, Mono<T> work, ContextView context, MonoSink<T> sink) {
        if (members.get() >= properties.capacity()) {
            sink.error(new Overloaded());
            return;
        }
        waiting.add(new Member<>(lane, work, context, sink));
        if (members.getAndIncrement() == 0) {
            goOnAfter(Duration.ZERO);
        }
    }

    /** Only ever under way once: begun by whoever finds the lane empty, and gone on with until it is. */
    private void runNext() {
        List<Member<?>> group = takeGroup();
        long begun = now();
        run(group)
                .doFinally(end -> leave(group, Duration.ofNanos(now() - begun)))
                .subscribe();
    }

    /** Leaves the thread of the connection to others; the next group does not wait for the answers of this one. */
    private void leave(List<Member<?>> group, Duration worked) {
        Duration pause = rest.after(worked, group.stream().map(Member::lane));
        Schedulers.parallel().schedule(() -> {
            if (members.addAndGet(-group.size()) > 0) {
                goOnAfter(pause);
            }
            group.forEach(Member::answer);
        });
    }

    private void goOnAfter(Duration pause) {
        Schedulers.parallel().schedule(this::runNext, pause.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static long now() {
        return Schedulers.parallel().now(TimeUnit.NANOSECONDS);
    }

    /** The longest waiting ones, with no two about the same. */
    private List<Member<?>> takeGroup() {
        List<Member<?>> group = new ArrayList<>();
        Set<Object> subjects = new HashSet<>();
        Iterator<Member<?>> queue = waiting.iterator();
        while (queue.hasNext() && group.size() < properties.largestGroup()) {
            Member<?> member = queue.next();
            if (subjects.add(member.lane().subject())) {
                queue.remove();
                group.add(member);
            }
        }
        return group;
    }

    private Mono<Void> run(List<Member<?>> group) {
        return group.size() == 1 ? runAlone(group.get(0)) : runTogether(group);
    }

    private Mono<Void> runTogether(List<Member<?>> group) {
        return Mono.defer(() -> {
            Commit commit = new Commit(outcomes);
            Beginning beginning = new Beginning();
            TransactionGroup together = new TransactionGroup(group, sets, schedulerOf(group), beginning.answer());
            return transactions
                    .once(commit.of(together.run().then(beginning.answer())))
                    .contextWrite(beginning.ahead())
                    .timeout(properties.timeout(), Mono.error(TransactionLane::takesTooLong))
                    .then(Mono.defer(() -> keep(group)))
                    .onErrorResume(error -> commit.isNext() ? resolve(commit, group, error) : endWith(error, group));
        });
    }

    /**
     * A group that nobody waits for is the larger one, and its members would keep an event loop from its clients for
     * milliseconds at a time. The embedded database has threads of its own.
     */
    private Scheduler schedulerOf(List<Member<?>> group) {
        return sets != null && group.get(0).lane().givesWay() ? Schedulers.parallel() : Schedulers.immediate();
    }

    private Mono<Void> endWith(Throwable error, List<Member<?>> group) {
        return concernsAll(error) ? failAll(group, error) : runAgain(group, error);
    }

    private Mono<Void> resolve(Commit commit, List<Member<?>> group, Throwable error) {
        return commit.outcome()
                .doOnNext(outcome ->
                        log.warn("The commit of {} in {} failed and is {}", group.size(), name, outcome, error))
                .flatMap(outcome -> switch (outcome) {
                    case COMMITTED -> keep(group);
                    case ABORTED -> runAgain(group, error);
                    case UNKNOWN -> failAll(group, error);
                });
    }

    /** Each has what it has, but who left alone may get further alone. */
    private Mono<Void> keep(List<Member<?>> group) {
        return runEach(group, Member::isToBeRepeated);
    }

    /** In doubt, or hopeless: everyone is told. */
    private Mono<Void> failAll(List<Member<?>> group, Throwable error) {
        return Mono.fromRunnable(() -> group.forEach(member -> member.fail(error)));
    }

    /** In halves: the one to blame is soon alone, and the others together again. Stops where the database itself fails. */
    private Mono<Void> runAgain(List<Member<?>> group, Throwable error) {
        log.debug("{} in {} are done again in halves", group.size(), name, error);
        int half = group.size() / 2;
        return failAll(group, new TransientDataAccessResourceException("Nothing was done"))
                .thenMany(Flux.just(group.subList(0, half), group.subList(half, group.size())))
                .concatMap(part -> run(part).thenReturn(part))
                .takeUntil(part -> part.stream().anyMatch(member -> concernsAll(member.error())))
                .then();
    }

    /** Stops at the first whom the database itself has failed; the others are left with what they have. */
    private Mono<Void> runEach(List<Member<?>> group, Predicate<Member<?>> which) {
        return Flux.fromIterable(group)
                .filter(which)
                .concatMap(member -> runAlone(member).then(Mono.<Member<?>>just(member)))
                .takeUntil(member -> concernsAll(member.error()))
                .then();
    }

    private Mono<Void> runAlone(Member<?> member) {
        return member.alone(transactions)
                .timeout(properties.timeout(), Mono.fromRunnable(() -> member.fail(takesTooLong())));
    }

    /** Nobody knows what has become of it. */
    private static Throwable takesTooLong() {
        return new QueryTimeoutException("The transaction took too long");
    }

    /** The database is in trouble, and not one of the members to blame, nor a lock that two of them wanted. */
    private static boolean concernsAll(@Nullable Throwable error) {
        return error instanceof TransactionException
                || error instanceof DataAccessResourceFailureException
                || error instanceof TransientDataAccessException && !(error instanceof ConcurrencyFailureException);
    }
}
