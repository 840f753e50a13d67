package dev.millrace.transaction;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.Wrapped;
import java.util.function.Function;
import lombok.RequiredArgsConstructor;
import lombok.experimental.Delegate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;

/**
 * A connection on which a transaction need not have begun before the first is asked in it: that is sent right after the BEGIN,
 * whose answer nobody waits for. The server takes one after the other.
 *
 * <p>Promised: with the first answer it is known whether the transaction has begun. If it has not, nothing more is asked, and the
 * commit fails. Not promised: that what is sent along is part of it then. So that must not change anything.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING">Pipelining</a>
 */
@RequiredArgsConstructor
final class PipelinedConnection implements Connection, Wrapped<Connection> {

    private static final Object AHEAD = PipelinedConnection.class;

    @Delegate(excludes = Own.class)
    private final Connection delegate;

    /** Comes when the server has answered to the BEGIN, and fails if that has. */
    private volatile Mono<Void> begun = Mono.empty();

    private volatile @Nullable Throwable failure;

    /** What is not just passed on. */
    private interface Own {

        Mono<Void> beginTransaction(TransactionDefinition definition);

        Mono<Void> commitTransaction();

        Mono<Void> rollbackTransaction();

        Statement createStatement(String sql);
    }

    /** To be given to {@code contextWrite}: the transaction that is begun there is not waited for. */
    static Function<Context, Context> ahead() {
        return context -> context.put(AHEAD, true);
    }

    @Override
    public Mono<Void> beginTransaction(TransactionDefinition definition) {
        return Mono.deferContextual(context -> {
            begun = Mono.empty();
            failure = null;
            Mono<Void> begin = Mono.from(delegate.beginTransaction(definition));
            return context.hasKey(AHEAD) ? send(begin) : begin;
        });
    }

    /** Whoever leaves at once does not take it back: what ends the transaction waits for its beginning. */
    private Mono<Void> send(Mono<Void> begin) {
        Sinks.Empty<Void> answer = Sinks.empty();
        begun = answer.asMono();
        begin.subscribe(
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
        return Mono.defer(() -> begun)
                .then(Mono.from(delegate.commitTransaction()))
                .doFinally(end -> failure = null);
    }

    @Override
    public Mono<Void> rollbackTransaction() {
        return Mono.defer(() -> begun)
                .onErrorComplete()
                .then(Mono.from(delegate.rollbackTransaction()))
                .doFinally(end -> failure = null);
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
