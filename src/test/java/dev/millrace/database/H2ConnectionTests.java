package dev.millrace.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.DataDirectory;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** SQL runs on the connections' own threads, never on one that other requests need. */
@RunningService
@Tag("embedded")
@RequiredArgsConstructor
class H2ConnectionTests {

    private final DatabaseClient database;
    private final Shop shop;

    @Test
    void runsThePaymentsSqlOnItsOwnThreads() {
        Flux.just("balance", "payment", "event", "delivery", "orders")
                .concatMap(table -> database.sql("CREATE TRIGGER IF NOT EXISTS record_thread_of_" + table
                                + " AFTER INSERT, UPDATE, DELETE ON " + table + " FOR EACH ROW CALL \""
                                + ThreadRecorder.class.getName() + "\"")
                        .then())
                .as(StepVerifier::create)
                .verifyComplete();
        long user = shop.aUserWith(1_000);
        long product = shop.aProduct(1);
        ThreadRecorder.THREADS.clear();

        Flux.range(0, 40)
                .flatMap(number -> shop.order(user, product, 1))
                .flatMap(order -> shop.pay(order.id(), user))
                .as(StepVerifier::create)
                .expectNextCount(40)
                .verifyComplete();

        assertThat(ThreadRecorder.THREADS).isNotEmpty().allSatisfy(thread -> assertThat(thread)
                .matches("h2-[0-9]+"));
        assertThat(ThreadRecorder.THREADS).hasSizeGreaterThan(1);
    }

    /** Wrapped twice, it had two threads, and each commit waited for two checkpoints. */
    @Test
    void wrapsEachConnectionOnce() {
        Connection pooled =
                Shop.now(Mono.from(database.getConnectionFactory().create()).cast(Connection.class));

        H2Connection wrapped = (H2Connection) ((Wrapped<?>) pooled).unwrap();
        assertThat(wrapped.unwrap()).isInstanceOf(io.r2dbc.h2.H2Connection.class);
        Mono.from(pooled.close()).as(StepVerifier::create).verifyComplete();
    }

    @Test
    void runsSqlOnItsOwnThreadWhoeverSubscribes() {
        ConnectionPool pool = aPool();
        Mono<String> threadOfTheSql = Mono.usingWhen(
                pool.create(),
                connection -> Flux.from(connection
                                .createStatement("SELECT current_thread()")
                                .execute())
                        .concatMap(result -> result.map((row, metadata) -> row.get(0, String.class)))
                        .next(),
                Connection::close);
        Mono.usingWhen(
                        pool.create(),
                        connection -> Flux.from(connection
                                        .createStatement("CREATE ALIAS current_thread FOR \""
                                                + ThreadRecorder.class.getName() + ".currentThread\"")
                                        .execute())
                                .then(),
                        Connection::close)
                .as(StepVerifier::create)
                .verifyComplete();

        Flux.range(0, 40)
                .flatMap(number ->
                        threadOfTheSql.subscribeOn(number % 2 == 0 ? Schedulers.parallel() : Schedulers.single()))
                .collectList()
                .as(StepVerifier::create)
                .assertNext(threads -> assertThat(threads)
                        .allSatisfy(thread -> assertThat(thread).matches("h2-[0-9]+")))
                .verifyComplete();
    }

    @Test
    void isGoodForAsLongAsItIsOpen() {
        H2Connection connection = aConnection();

        connection
                .validate(ValidationDepth.REMOTE)
                .as(StepVerifier::create)
                .expectNext(true)
                .verifyComplete();
        connection.close().as(StepVerifier::create).verifyComplete();

        connection
                .validate(ValidationDepth.LOCAL)
                .as(StepVerifier::create)
                .expectNext(false)
                .verifyComplete();
    }

    @Test
    void setsTheTimeoutsThatTheDriverIgnores() {
        H2Connection connection = aConnection();

        connection
                .setLockWaitTimeout(Duration.ofMillis(1_234))
                .as(StepVerifier::create)
                .verifyComplete();

        Flux.from(connection.createStatement("SELECT lock_timeout()").execute())
                .concatMap(result -> result.map((row, metadata) -> row.get(0, Integer.class)))
                .as(StepVerifier::create)
                .expectNext(1_234)
                .verifyComplete();
        connection.close().as(StepVerifier::create).verifyComplete();
    }

    @Test
    void refusesALevelOfIsolationThatWouldHoldForEverybody() {
        H2Connection connection = aConnection();

        connection
                .setTransactionIsolationLevel(IsolationLevel.SERIALIZABLE)
                .as(StepVerifier::create)
                .verifyError(UnsupportedOperationException.class);
        connection
                .setTransactionIsolationLevel(IsolationLevel.READ_COMMITTED)
                .as(StepVerifier::create)
                .verifyComplete();
        connection.close().as(StepVerifier::create).verifyComplete();
    }

    @Test
    void showsARepeatableReadOneMomentOfAllTables() {
        ConnectionFactory factory = aFactory();
        H2Connection reader = aConnection(factory);
        H2Connection writer = aConnection(factory);
        List.of("left_side (id INT)", "right_side (id INT)", "checkpoint_mark (mark BIGINT)")
                .forEach(table -> run(writer, "CREATE TABLE " + table));
        reader.beginTransaction(IsolationLevel.REPEATABLE_READ).block();
        assertThat(count(reader, "left_side")).isZero();

        run(writer, "INSERT INTO left_side VALUES (1)");
        run(writer, "INSERT INTO right_side VALUES (1)");

        assertThat(count(reader, "left_side")).isZero();
        assertThat(count(reader, "right_side")).isZero();
        reader.commitTransaction().block();
        reader.beginTransaction().block();
        assertThat(count(reader, "left_side")).isEqualTo(1);
        run(writer, "INSERT INTO left_side VALUES (2)");
        assertThat(count(reader, "left_side")).as("as before").isEqualTo(2);
        reader.rollbackTransaction().then(reader.close()).then(writer.close()).block();
    }

    private static void run(H2Connection connection, String sql) {
        Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.getRowsUpdated())
                .blockLast();
    }

    private static long count(H2Connection connection, String table) {
        return Flux.from(connection
                        .createStatement("SELECT COUNT(*) FROM " + table)
                        .execute())
                .concatMap(result -> result.map(row -> row.get(0, Long.class)))
                .blockLast();
    }

    private static H2Connection aConnection() {
        return aConnection(aFactory());
    }

    private static H2Connection aConnection(ConnectionFactory factory) {
        return (H2Connection) Mono.from(factory.create()).block();
    }

    private static ConnectionPool aPool() {
        return new ConnectionPool(
                ConnectionPoolConfiguration.builder(aFactory()).maxSize(4).build());
    }

    private static ConnectionFactory aFactory() {
        ConnectionFactory plain = ConnectionFactories.get(EmbeddedDatabase.in(DataDirectory.create()));
        return new H2Connections(Clock.systemUTC()).decorate(plain);
    }
}
