package dev.millrace.transaction;

import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * One piece of work that shares a transaction, and whoever waits for its result. It may be run more than once, and a run that was
 * given up may come to its end while another one is under way, or after everyone was told: only the last one counts.
 */
@RequiredArgsConstructor
final class Member<T> {

    private final Lane lane;
    private final Mono<T> work;
    private final ContextView caller;
    private final MonoSink<T> answer;
    private int runs;
    private volatile boolean changed;
    private volatile @Nullable Throwable error;
    private volatile @Nullable T result;

    Lane lane() {
        return lane;
    }

    /** Does the work in a transaction of its own. */
    Mono<Void> alone(Transactions transactions) {
        return Mono.defer(
                () -> finish(beginRun(), transactions.transactional(work).contextWrite(context -> Context.of(caller))));
    }

    /** Does the work in the transaction that the context is in. */
    Mono<Void> within(TransactionGroup group) {
        int run = beginRun();
        changed = false;
        return finish(run, work.contextWrite(transaction -> Context.of(caller)
                .putAll(transaction.readOnly())
                .put(Membership.class, new Membership(group, this))));
    }

    private Mono<Void> finish(int run, Mono<T> done) {
        return done.doOnSuccess(value -> end(run, value, null))
                .doOnError(cause -> end(run, null, cause))
                .onErrorComplete()
                .then();
    }

    private synchronized int beginRun() {
        return ++runs;
    }

    private synchronized void end(int run, @Nullable T value, @Nullable Throwable cause) {
        if (run == runs) {
            result = value;
            error = cause;
        }
    }

    /** Whether nothing has gone wrong before. */
    synchronized boolean isFirstRun() {
        return runs == 1;
    }

    void noteChange() {
        changed = true;
    }

    /** Gives up the run that is under way, or what has come of it. */
    synchronized void fail(Throwable cause) {
        runs++;
        error = cause;
    }

    @Nullable
    Throwable error() {
        return error;
    }

    /** The error that leaves its changes behind in the transaction of all. */
    @Nullable
    Throwable harm() {
        return changed ? error : null;
    }

    /** Whether a transaction of its own may get further. */
    boolean isToBeRepeated() {
        Throwable cause = error;
        return cause != null && ShieldedTransactions.isWorthRepeating(cause);
    }

    /** Tells whoever waits. */
    void answer() {
        Throwable cause = error;
        if (cause == null) {
            answer.success(result);
        } else {
            answer.error(cause);
        }
    }
}
