package dev.millrace.transaction;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.Postgres;
import dev.millrace.harness.Postgres.Database;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.Wrapped;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.springframework.transaction.CannotCreateTransactionException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** What is sent right after a BEGIN is part of the transaction, and nothing is asked outside of one that has not begun. */
@Tag("postgresql")
class PipelinedConnectionTests {

    /** PostgreSQL refuses it, and the connection lives on. */
    private static final IsolationLevel UNKNOWN = IsolationLevel.valueOf("NO LEVEL AT ALL");

    private final Database database = Postgres.freshDatabase();
    private final ConnectionFactory connections = new PipelinedConnections()
            .decorate(ConnectionFactories.get("r2dbc:postgresql://postgres:postgres@localhost:%d/%s"
                    .formatted(Postgres.port(), database.name())));
    private final Connection connection = now(Mono.from(connections.create()));

    PipelinedConnectionTests() {
        now(ask("CREATE TABLE note (text VARCHAR)").thenReturn(true));
    }

    @AfterEach
    void close() {
        now(Mono.from(connection.close()).thenReturn(true));
    }

    @Test
    void takesAllThatIsSentAtOnceIntoTheTransaction() {
        Mono<Void> note = ask("INSERT INTO note VALUES ('sent along')");

        begin(IsolationLevel.READ_COMMITTED)
                .then(Mono.when(note, note, note))
                .then(Mono.from(connection.rollbackTransaction()))
                .as(StepVerifier::create)
                .verifyComplete();
        assertThat(notes()).isZero();

        begin(IsolationLevel.READ_COMMITTED)
                .then(Mono.when(note, note))
                .then(Mono.from(connection.commitTransaction()))
                .as(StepVerifier::create)
                .verifyComplete();
        assertThat(notes()).isEqualTo(2);
    }

    @Test
    void leavesTheAnswerToWhoeverWantsToKnow() {
        Beginning good = new Beginning();

        now(Mono.from(connection.beginTransaction(IsolationLevel.READ_COMMITTED))
                .contextWrite(good.ahead())
                .then(good.answer())
                .then(Mono.from(connection.rollbackTransaction()))
                .thenReturn(true));
        failToBegin();
    }

    @Test
    void asksNothingMoreAndDoesNotCommitWhereItHasNotBegun() {
        failToBegin();

        ask("INSERT INTO note VALUES ('alone')")
                .as(StepVerifier::create)
                .verifyErrorMessage("The transaction has not begun");
        Mono.from(connection.commitTransaction()).as(StepVerifier::create).verifyError(R2dbcException.class);
    }

    @Test
    void isAsGoodAsNewAfterOneThatHasNotBegun() {
        failToBegin();
        Mono.from(connection.rollbackTransaction()).as(StepVerifier::create).verifyComplete();

        begin(IsolationLevel.READ_COMMITTED)
                .then(ask("INSERT INTO note VALUES ('another')"))
                .then(Mono.from(connection.commitTransaction()))
                .as(StepVerifier::create)
                .verifyComplete();
        assertThat(notes()).isEqualTo(1);
    }

    /** It would be a transaction by itself, or part of the next one. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sendsNothingForATransactionThatIsOver(boolean another) {
        now(begin(IsolationLevel.READ_COMMITTED).then(ask("SELECT 1")).thenReturn(true));
        Statement late = connection.createStatement("INSERT INTO note VALUES ('late')");
        now(Mono.from(connection.rollbackTransaction()).thenReturn(true));
        if (another) {
            now(begin(IsolationLevel.READ_COMMITTED).then(ask("SELECT 1")).thenReturn(true));
        }

        execute(late).as(StepVerifier::create).verifyErrorMessage("The transaction is over");
        now(Mono.from(connection.commitTransaction()).thenReturn(true));

        assertThat(notes()).isZero();
    }

    /** Whoever gives up a group does not wait until its last change is sent, or is not. */
    @Test
    void sendsNothingBehindARollbackFromAnotherThread() {
        Mono<Void> rivals = Mono.from(connection.beginTransaction(IsolationLevel.READ_COMMITTED))
                .then(Mono.fromSupplier(() -> connection
                        .createStatement("INSERT INTO note VALUES ($1)")
                        .bind(0, "late")))
                .flatMap(late -> Mono.when(
                        execute(late).onErrorComplete().subscribeOn(Schedulers.parallel()),
                        Mono.from(connection.rollbackTransaction()).subscribeOn(Schedulers.parallel())));

        now(rivals.repeat(300).then(Mono.just(true)));

        assertThat(notes()).isZero();
    }

    /** Nor for the pool, which tries a connection before it gives it to anyone, and would throw away one that is refused. */
    @Test
    void leavesNothingBehindForWhomeverThePoolGivesItTo() {
        ConnectionPool pool = new ConnectionPool(ConnectionPoolConfiguration.builder(connections)
                .maxSize(1)
                .validationQuery("SELECT 1")
                .build());
        List<Object> given = new CopyOnWriteArrayList<>();
        Mono<Connection> lent = pool.create().doOnNext(one -> given.add(((Wrapped<?>) one).unwrap()));

        Mono.usingWhen(
                        lent,
                        one -> Mono.from(one.beginTransaction(IsolationLevel.READ_COMMITTED))
                                .then(Mono.from(one.rollbackTransaction())),
                        Connection::close)
                .then(Mono.usingWhen(lent, PipelinedConnectionTests::insert, Connection::close))
                .then(pool.disposeLater())
                .as(StepVerifier::create)
                .verifyComplete();

        assertThat(notes()).isEqualTo(1);
        assertThat(given).hasSize(2);
        assertThat(given.get(1)).isSameAs(given.get(0)).isInstanceOf(PipelinedConnection.class);
    }

    @Test
    void waitsForTheBeginningUnlessToldNotTo() {
        StepVerifier.create(connection.beginTransaction(UNKNOWN)).verifyError(R2dbcException.class);
        begin(UNKNOWN).as(StepVerifier::create).verifyComplete();
    }

    /** Or a rollback would find no transaction to end, and that would begin afterwards. */
    @Test
    void rollsNothingBackBeforeItHasBegun() {
        endsNothingBeforeItHasBegun(Connection::rollbackTransaction);
    }

    @Test
    void commitsNothingBeforeItHasBegun() {
        endsNothingBeforeItHasBegun(Connection::commitTransaction);
    }

    private void endsNothingBeforeItHasBegun(Function<Connection, Publisher<Void>> end) {
        List<String> subscribed = new CopyOnWriteArrayList<>();
        Sinks.Empty<Void> begun = Sinks.empty();
        Connection slow = new PipelinedConnection((Connection) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) -> begun.asMono().doFirst(() -> subscribed.add(method.getName()))));

        Mono.from(slow.beginTransaction(IsolationLevel.READ_COMMITTED))
                .contextWrite(new Beginning().ahead())
                .as(StepVerifier::create)
                .verifyComplete();
        StepVerifier.create(end.apply(slow))
                .then(() -> assertThat(subscribed).containsExactly("beginTransaction"))
                .then(begun::tryEmitEmpty)
                .verifyComplete();
        assertThat(subscribed).hasSize(2);
    }

    /** The pool goes on with the thread of the connection. */
    @Test
    void tellsWhatTheConnectionTells() {
        Wrapped<?> wrapped = (Wrapped<?>) connection;

        assertThat(wrapped.unwrap(Scheduler.class)).isNotNull();
        assertThat(wrapped.unwrap(Connection.class)).isNotSameAs(connection);
        assertThat(connection.getMetadata().getDatabaseProductName()).isEqualTo("PostgreSQL");
    }

    private Mono<Void> begin(TransactionDefinition definition) {
        return Mono.from(connection.beginTransaction(definition)).contextWrite(new Beginning().ahead());
    }

    private void failToBegin() {
        Beginning beginning = new Beginning();
        Mono.from(connection.beginTransaction(UNKNOWN))
                .contextWrite(beginning.ahead())
                .then(beginning.answer())
                .as(StepVerifier::create)
                .verifyError(CannotCreateTransactionException.class);
    }

    private Mono<Void> ask(String sql) {
        return Mono.defer(() -> execute(connection.createStatement(sql)));
    }

    private static Mono<Void> insert(Connection one) {
        return Mono.defer(() -> execute(one.createStatement("INSERT INTO note VALUES ('one')")));
    }

    private static Mono<Void> execute(Statement statement) {
        return Flux.from(statement.execute())
                .flatMap(result -> result.map(row -> 1))
                .then();
    }

    private long notes() {
        return database.count("SELECT COUNT(*) FROM note");
    }
}
