package dev.millrace.transaction;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.Wrapped;
import lombok.RequiredArgsConstructor;
import lombok.experimental.Delegate;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A connection on which a transaction need not have begun before the first is asked in it: that is sent right after the BEGIN,
 * whose answer is left to the {@link Beginning} in the context. The server takes one after the other. Where there is none in the
 * context, the beginning is waited for.
 *
 * <p>Promised: once the answer is there and is a failure, no statement is created any more until the transaction is over, and the
 * commit fails. A commit and a rollback wait for the beginning. Not promised: that what is sent along is part of the transaction then.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING">Pipelining</a>
 */
@RequiredArgsConstructor
final class PipelinedConnection implements Connection, Wrapped<Connection> {

    @Delegate(excludes = Own.class)
    private final Connection delegate;

    /** Comes when the server has answered to the BEGIN, and fails if that has. */
    private volatile Mono<Void> begun = Mono.empty();

    private volatile @Nullable Throwable failure;

    /** What is not just passed on. */
    private interface Own {

        Mono<Void> beginTransaction();

        Mono<Void> beginTransaction(TransactionDefinition definition);

        Mono<Void> commitTransaction();

        Mono<Void> rollbackTransaction();

        Statement createStatement(String sql);
    }

    @Override
    public Mono<Void> beginTransaction() {
        return begin(delegate.beginTransaction());
    }

    @Override
    public Mono<Void> beginTransaction(TransactionDefinition definition) {
        return begin(delegate.beginTransaction(definition));
    }

    private Mono<Void> begin(Publisher<Void> begin) {
        return Mono.deferContextual(context -> {
            begun = Mono.empty();
            failure = null;
            return context.<Beginning>getOrEmpty(Beginning.class)
                    .map(beginning -> send(begin, beginning))
                    .orElseGet(() -> Mono.from(begin));
        });
    }

    /** Whoever leaves at once does not take it back: what ends the transaction waits for its beginning. */
    private Mono<Void> send(Publisher<Void> begin, Beginning beginning) {
        Sinks.Empty<Void> answer = Sinks.empty();
        begun = answer.asMono();
        beginning.isToldBy(begun);
        Mono.from(begin)
                .subscribe(
                        nothing -> {},
                        error -> {
                            failure = error;
                            answer.tryEmitError(error);
                        },
                        answer::tryEmitEmpty);
        return Mono.empty();
    }

    @Override
    public Mono<Void> commitTransaction() {
        return forget(Mono.defer(() -> begun).then(Mono.from(delegate.commitTransaction())));
    }

    @Override
    public Mono<Void> rollbackTransaction() {
        return forget(Mono.defer(() -> begun).onErrorComplete().then(Mono.from(delegate.rollbackTransaction())));
    }

    /** Before anyone hears of the end, who may give the connection to somebody else at once. */
    private Mono<Void> forget(Mono<Void> end) {
        return end.doOnTerminate(() -> failure = null).doOnCancel(() -> failure = null);
    }

    /** Refused if the transaction has not begun: it would be a transaction of its own. */
    @Override
    public Statement createStatement(String sql) {
        Throwable cause = failure;
        if (cause != null) {
            throw new R2dbcTransientResourceException("The transaction has not begun", cause);
        }
        return delegate.createStatement(sql);
    }

    @Override
    public Connection unwrap() {
        return delegate;
    }

    @Override
    public <E> @Nullable E unwrap(Class<E> type) {
        if (type.isInstance(delegate)) {
            return type.cast(delegate);
        }
        return delegate instanceof Wrapped<?> wrapped ? wrapped.unwrap(type) : null;
    }
}
