package dev.millrace.database;

import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import lombok.AccessLevel;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * An H2 connection with a thread of its own.
 *
 * <p>The driver runs SQL on whichever thread subscribes and blocks it while it waits for a row lock, so two transactions on
 * one event loop would wait for each other until a timeout. Here a lock wait costs one connection its own thread. The pool
 * asks for the {@link Scheduler} and moves each borrower to it, so that a transaction is one run on one thread.
 *
 * <p>A transaction ends when all it has written <em>and read</em> is on disk; see {@link Checkpoints}.
 */
@RequiredArgsConstructor(access = AccessLevel.PRIVATE)
final class H2Connection implements Connection, Wrapped<Connection> {

    /** Of this connection alone. */
    private static final String SET_LEVEL = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL ";

    private final Connection delegate;
    private final H2Thread thread;
    private final Checkpoints checkpoints;
    private volatile boolean closed;
    private volatile boolean isSnapshot;

    static Mono<H2Connection> open(ConnectionFactory factory, Checkpoints checkpoints) {
        H2Thread thread = new H2Thread();
        return thread.run(Mono.<Connection>from(factory.create()))
                .map(connection -> new H2Connection(connection, thread, checkpoints))
                .doOnError(error -> thread.dispose());
    }

    @Override
    public Connection unwrap() {
        return delegate;
    }

    @Override
    public <E> @Nullable E unwrap(Class<E> type) {
        if (type == Scheduler.class) {
            return type.cast(thread.scheduler());
        }
        return type.isInstance(delegate) ? type.cast(delegate) : null;
    }

    @Override
    public Mono<Void> beginTransaction() {
        return onThread(delegate.beginTransaction());
    }

    /**
     * READ COMMITTED, or one unchanging state of all tables for REPEATABLE READ: not even a single statement gets that from
     * H2 at its other levels, if it has subqueries. Any other level is refused.
     */
    @Override
    public Mono<Void> beginTransaction(TransactionDefinition definition) {
        IsolationLevel level = definition.getAttribute(TransactionDefinition.ISOLATION_LEVEL);
        if (level == null || level.equals(getTransactionIsolationLevel())) {
            return beginTransaction();
        }
        return level.equals(IsolationLevel.REPEATABLE_READ)
                ? execute(SET_LEVEL + "SNAPSHOT")
                        .doFirst(() -> isSnapshot = true)
                        .then(beginTransaction())
                : refuse();
    }

    @Override
    public Mono<Void> commitTransaction() {
        return onThread(delegate.commitTransaction()).then(endSnapshot()).then(onDisk());
    }

    /** What led to the rollback may have been read from a commit that is not on disk yet, and the answer tells of it. */
    @Override
    public Mono<Void> rollbackTransaction() {
        return onThread(delegate.rollbackTransaction()).then(endSnapshot()).then(onDisk());
    }

    @Override
    public Mono<Void> createSavepoint(String name) {
        return onThread(delegate.createSavepoint(name));
    }

    @Override
    public Mono<Void> releaseSavepoint(String name) {
        return onThread(delegate.releaseSavepoint(name));
    }

    @Override
    public Mono<Void> rollbackTransactionToSavepoint(String name) {
        return onThread(delegate.rollbackTransactionToSavepoint(name));
    }

    @Override
    public Mono<Void> setAutoCommit(boolean autoCommit) {
        return onThread(delegate.setAutoCommit(autoCommit));
    }

    @Override
    public Mono<Void> setLockWaitTimeout(Duration timeout) {
        return execute("SET LOCK_TIMEOUT " + timeout.toMillis());
    }

    @Override
    public Mono<Void> setStatementTimeout(Duration timeout) {
        return execute("SET QUERY_TIMEOUT " + timeout.toMillis());
    }

    /** Refused: the driver would set another level than READ COMMITTED for the whole database, and end the transaction. */
    @Override
    public Mono<Void> setTransactionIsolationLevel(IsolationLevel level) {
        return level.equals(getTransactionIsolationLevel()) ? Mono.empty() : refuse();
    }

    @Override
    public IsolationLevel getTransactionIsolationLevel() {
        return IsolationLevel.READ_COMMITTED;
    }

    @Override
    public Statement createStatement(String sql) {
        return new H2Statement(delegate.createStatement(sql), thread);
    }

    /** Refused: nothing here needs one, and the driver's would run on the caller's thread. */
    @Override
    public Batch createBatch() {
        throw new UnsupportedOperationException("Use statements");
    }

    @Override
    public ConnectionMetadata getMetadata() {
        return delegate.getMetadata();
    }

    @Override
    public boolean isAutoCommit() {
        return delegate.isAutoCommit();
    }

    /** The database lives in this process: a connection that is open is good, without a query to prove it. */
    @Override
    public Mono<Boolean> validate(ValidationDepth depth) {
        return Mono.fromSupplier(() -> !closed);
    }

    @Override
    public Mono<Void> close() {
        return onThread(delegate.close()).doFirst(() -> closed = true).doFinally(signal -> thread.dispose());
    }

    private Mono<Void> endSnapshot() {
        return Mono.defer(() -> isSnapshot
                ? execute(SET_LEVEL + "READ COMMITTED").doOnSuccess(done -> isSnapshot = false)
                : Mono.empty());
    }

    private static Mono<Void> refuse() {
        return Mono.error(new UnsupportedOperationException("The embedded database is READ COMMITTED"));
    }

    /** Goes on with the connection's own thread, so that the next checkpoint does not wait for what follows. */
    private Mono<Void> onDisk() {
        return checkpoints.next().publishOn(thread.scheduler());
    }

    private Mono<Void> execute(String sql) {
        return thread.run(Flux.from(delegate.createStatement(sql).execute())).then();
    }

    private Mono<Void> onThread(Publisher<Void> work) {
        return thread.run(Mono.from(work));
    }
}
