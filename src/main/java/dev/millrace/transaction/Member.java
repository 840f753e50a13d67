package dev.millrace.transaction;

import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** One piece of work that shares a transaction, and whoever waits for its result. */
@RequiredArgsConstructor
final class Member<T> {

    private final Lane lane;
    private final Mono<T> work;
    private final ContextView caller;
    private final MonoSink<T> answer;
    private volatile int runs;
    private volatile boolean changed;
    private volatile @Nullable Throwable error;
    private volatile @Nullable T result;

    Lane lane() {
        return lane;
    }

    /** Does the work in a transaction of its own. */
    Mono<Void> alone(Transactions transactions) {
        return finish(transactions.transactional(work).contextWrite(context -> Context.of(caller)));
    }

    /** Does the work in the transaction that the context is in. */
    Mono<Void> within(TransactionGroup group) {
        runs++;
        changed = false;
        return finish(work.contextWrite(transaction ->
                Context.of(caller).putAll(transaction.readOnly()).put(Membership.class, new Membership(group, this))));
    }

    private Mono<Void> finish(Mono<T> done) {
        return done.doOnSuccess(value -> {
                    result = value;
                    error = null;
                })
                .doOnError(this::fail)
                .onErrorComplete()
                .then();
    }

    /** Whether nothing has gone wrong before. */
    boolean isFirstRun() {
        return runs == 1;
    }

    void noteChange() {
        changed = true;
    }

    void fail(Throwable cause) {
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
