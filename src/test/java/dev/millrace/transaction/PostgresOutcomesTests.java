package dev.millrace.transaction;

import static dev.millrace.harness.Shop.now;
import static org.awaitility.Awaitility.await;

import dev.millrace.transaction.Commit.Outcome;
import dev.millrace.transaction.Outcomes.Mark;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.connection.SingleConnectionFactory;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What a PostgreSQL remembers of transactions; the server is this test's own, since one of its processes is killed. */
@Tag("postgresql")
class PostgresOutcomesTests {

    private static final Duration RECOVERY = Duration.ofSeconds(30);

    private static EmbeddedPostgres server;
    private static String url;
    private static DatabaseClient database;
    private static TransactionalOperator tx;
    private static Outcomes outcomes;

    @BeforeAll
    static void start() throws IOException {
        server = EmbeddedPostgres.builder()
                .setServerConfig("synchronous_commit", "on")
                .start();
        url = "r2dbc:postgresql://postgres:postgres@localhost:%d/postgres".formatted(server.getPort());
        ConnectionFactory connections = ConnectionFactories.get(url);
        database = DatabaseClient.create(connections);
        tx = TransactionalOperator.create(new R2dbcTransactionManager(connections));
        outcomes = new PostgresOutcomes(database);
        now(database.sql("CREATE TABLE note (text VARCHAR)").then().thenReturn(true));
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    @Test
    void knowWhatHasCommitted() {
        Mark mark = now(outcomes.mark().delayUntil(marked -> write("kept")).as(tx::transactional));

        outcomes.find(mark)
                .as(StepVerifier::create)
                .expectNext(Outcome.COMMITTED)
                .verifyComplete();
    }

    @Test
    void knowWhatWasRolledBack() {
        Mark mark = now(tx.execute(transaction -> {
                    transaction.setRollbackOnly();
                    return outcomes.mark().delayUntil(marked -> write("dropped"));
                })
                .single());

        outcomes.find(mark).as(StepVerifier::create).expectNext(Outcome.ABORTED).verifyComplete();
    }

    @Test
    void areNotThereWhileItIsUnderWay() {
        write("still being written")
                .then(outcomes.mark())
                .flatMap(mark -> elsewhere(outcomes.find(mark)))
                .as(tx::transactional)
                .as(StepVerifier::create)
                .verifyComplete();
    }

    /** It is marked before anything is known of it. */
    @Test
    void knowWhatHasChangedNothing() {
        Mark mark = now(outcomes.mark().as(tx::transactional));

        outcomes.find(mark)
                .as(StepVerifier::create)
                .expectNext(Outcome.COMMITTED)
                .verifyComplete();
    }

    @Test
    void planOnceWhatIsAskedInTheTransaction() {
        SingleConnectionFactory connection = new SingleConnectionFactory(url, true);
        TransactionalOperator transaction = TransactionalOperator.create(new R2dbcTransactionManager(connection));
        DatabaseClient client = DatabaseClient.create(connection);

        new PostgresOutcomes(client)
                .mark()
                .then(plansOf(client))
                .as(transaction::transactional)
                .concatWith(plansOf(client))
                .doFinally(end -> connection.destroy())
                .as(StepVerifier::create)
                .expectNext("force_generic_plan", "auto")
                .verifyComplete();
    }

    /** An id that was given before the crash and not yet written is given again after it; see decision 0014. */
    @Test
    void sayNothingOfWhatWasBeforeACrash() {
        AtomicReference<Mark> lost = new AtomicReference<>();
        write("lost")
                .then(outcomes.mark())
                .doOnNext(lost::set)
                .then(processId())
                .doOnNext(PostgresOutcomesTests::kill)
                .then(write("never"))
                .as(tx::transactional)
                .as(StepVerifier::create)
                .verifyError();

        await().atMost(RECOVERY)
                .ignoreExceptions()
                .until(() -> now(write("another").thenReturn(true)));

        outcomes.find(lost.get())
                .as(StepVerifier::create)
                .expectNext(Outcome.UNKNOWN)
                .verifyComplete();
    }

    private static Mono<Void> write(String text) {
        return database.sql("INSERT INTO note (text) VALUES (:text)")
                .bind("text", text)
                .then();
    }

    private static Mono<String> plansOf(DatabaseClient client) {
        return client.sql("SHOW plan_cache_mode")
                .map(row -> Objects.requireNonNull(row.get(0, String.class)))
                .one();
    }

    private static Mono<Integer> processId() {
        return database.sql("SELECT pg_backend_pid() AS pid")
                .map(row -> Objects.requireNonNull(row.get("pid", Integer.class)))
                .one();
    }

    private static void kill(int pid) {
        ProcessHandle.of(pid).orElseThrow().destroyForcibly();
    }

    /** Outside of the transaction. */
    private static <T> Mono<T> elsewhere(Mono<T> question) {
        return Mono.fromFuture(question.toFuture());
    }
}
