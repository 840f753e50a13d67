package dev.millrace.transaction;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.Wrapped;
import lombok.RequiredArgsConstructor;
import lombok.experimental.Delegate;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * A connection on which a transaction need not have begun before the first is asked in it: that is sent right after the BEGIN,
 * whose answer is left to the {@link Beginning} in the context. The server takes one after the other. Where there is none in the
 * context, the beginning is waited for.
 *
 * <p>Promised: once the answer is there and is a failure, nothing is sent any more, and the commit fails. A commit and a rollback
 * wait for the beginning, and no statement is sent behind them until the next BEGIN, or until a pool gives the connection to
 * somebody else. Not promised: that what is sent along with a BEGIN that fails is part of the transaction.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING">Pipelining</a>
 */
@RequiredArgsConstructor
final class PipelinedConnection implements Connection, Lifecycle, Wrapped<Connection> {

    @Delegate(excludes = Own.class)
    private final Connection delegate;

    private volatile Span span = Span.ofNone();

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
        return Mono.deferContextual(context -> context.<Beginning>getOrEmpty(Beginning.class)
                .map(beginning -> send(begin, beginning))
                .orElseGet(() -> await(begin)));
    }

    private Mono<Void> await(Publisher<Void> begin) {
        Span next = new Span();
        next.hasBegun();
        return Mono.from(begin).doOnSuccess(begun -> span = next);
    }

    /** Whoever leaves at once does not take it back: what ends the transaction waits for its beginning. */
    private Mono<Void> send(Publisher<Void> begin, Beginning beginning) {
        Span next = new Span();
        span = next;
        beginning.isToldBy(next.begun());
        Mono.from(begin).subscribe(nothing -> {}, next::hasNotBegun, next::hasBegun);
        return Mono.empty();
    }

    @Override
    public Mono<Void> commitTransaction() {
        return Mono.defer(() -> span.end().then(Mono.from(delegate.commitTransaction())));
    }

    @Override
    public Mono<Void> rollbackTransaction() {
        return Mono.defer(() -> span.end().onErrorComplete().then(Mono.from(delegate.rollbackTransaction())));
    }

    @Override
    public Statement createStatement(String sql) {
        Span own = span;
        return new SpanStatement(delegate.createStatement(sql), own);
    }

    /** Whoever gets the connection from a pool has nothing to do with what was before; nor has the pool, which may try it first. */
    @Override
    public Mono<Void> postAllocate() {
        span = Span.ofNone();
        return Mono.empty();
    }

    @Override
    public Mono<Void> preRelease() {
        return Mono.empty();
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
