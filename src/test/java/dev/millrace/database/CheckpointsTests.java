package dev.millrace.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A commit is answered by a checkpoint that began after it, shared with all who wait, or not at all. */
class CheckpointsTests {

    private static final String CHECKPOINT = "CHECKPOINT SYNC";

    private final ScriptedDatabase database = new ScriptedDatabase();
    private final Checkpoints checkpoints = new Checkpoints(database, () -> {});

    @Test
    void writesAMarkFirstSoThatThereIsSomethingToWaitFor() {
        database.open.release();

        checkpoints.next().as(StepVerifier::create).verifyComplete();

        assertThat(database.log)
                .containsExactly("UPDATE checkpoint_mark SET mark = mark + 1", CHECKPOINT, "done " + CHECKPOINT);
    }

    @Test
    void answersWithACheckpointThatBeganAfterTheArrival() {
        AtomicBoolean first = answered();
        await().untilAsserted(() -> assertThat(database.log).contains(CHECKPOINT));
        AtomicBoolean second = answered();

        database.open.release();
        await().untilTrue(first);
        await().untilAsserted(() ->
                assertThat(database.log).filteredOn(CHECKPOINT::equals).hasSize(2));
        assertThat(second).isFalse();

        database.open.release();
        await().untilTrue(second);
    }

    @Test
    void sharesOneCheckpointAmongAllWhoArriveMeanwhile() {
        AtomicBoolean first = answered();
        await().untilAsserted(() -> assertThat(database.log).contains(CHECKPOINT));
        List<AtomicBoolean> others = List.of(answered(), answered(), answered(), answered());

        database.open.release(2);

        await().untilTrue(first);
        others.forEach(other -> await().untilTrue(other));
        assertThat(database.log).filteredOn(CHECKPOINT::equals).hasSize(2);
    }

    @Test
    void failsEveryCommitThatACheckpointFails() {
        database.broken = true;
        database.open.release(2);

        checkpoints.next().as(StepVerifier::create).verifyErrorMessage("the disk is full");

        database.broken = false;
        checkpoints.next().as(StepVerifier::create).verifyComplete();
    }

    @Test
    void answersACommitWhenItIsOnDisk() {
        H2Connection connection = H2Connection.open(database, checkpoints).block();
        AtomicBoolean answered = new AtomicBoolean();

        connection.commitTransaction().subscribe(null, null, () -> answered.set(true));

        await().untilAsserted(() -> assertThat(database.log).contains(CHECKPOINT));
        assertThat(database.log).startsWith("commitTransaction");
        assertThat(answered).isFalse();
        database.open.release();
        await().untilTrue(answered);
    }

    @Test
    void failsACommitThatIsNotOnDisk() {
        H2Connection connection = H2Connection.open(database, checkpoints).block();
        database.broken = true;
        database.open.release();

        connection.commitTransaction().as(StepVerifier::create).verifyErrorMessage("the disk is full");
    }

    /** What the answer tells of may have been read from a commit that is not on disk yet. */
    @Test
    void endsARollbackWhenAllThatItHasSeenIsOnDisk() {
        H2Connection connection = H2Connection.open(database, checkpoints).block();
        database.open.release();

        connection.rollbackTransaction().as(StepVerifier::create).verifyComplete();

        assertThat(database.log).startsWith("rollbackTransaction").endsWith("done " + CHECKPOINT);
    }

    private AtomicBoolean answered() {
        AtomicBoolean answered = new AtomicBoolean();
        checkpoints.next().subscribe(null, null, () -> answered.set(true));
        return answered;
    }

    /** Runs statements where it is subscribed to, as the H2 driver does, and lets a test hold a checkpoint up. */
    private static final class ScriptedDatabase implements ConnectionFactory {

        final List<String> log = new CopyOnWriteArrayList<>();
        final Semaphore open = new Semaphore(0);
        volatile boolean broken;

        @Override
        public Publisher<? extends Connection> create() {
            return Mono.fromSupplier(() -> proxy(
                    Connection.class,
                    (method, argument) -> method.equals("createStatement")
                            ? statement((String) argument)
                            : Mono.fromRunnable(() -> log.add(method))));
        }

        @Override
        public ConnectionFactoryMetadata getMetadata() {
            return () -> "H2";
        }

        private Statement statement(String sql) {
            return proxy(Statement.class, (method, argument) -> Flux.defer(() -> Flux.just(run(sql))));
        }

        private Result run(String sql) {
            log.add(sql);
            if (sql.equals(CHECKPOINT)) {
                open.acquireUninterruptibly();
                if (broken) {
                    throw new IllegalStateException("the disk is full");
                }
                log.add("done " + sql);
            }
            return proxy(Result.class, (method, argument) -> Mono.just(1L));
        }

        private interface Answer {
            Object to(String method, Object argument);
        }

        private static <T> T proxy(Class<T> type, Answer answer) {
            Object proxy = Proxy.newProxyInstance(
                    type.getClassLoader(),
                    new Class<?>[] {type},
                    (self, method, arguments) -> answer.to(method.getName(), arguments == null ? null : arguments[0]));
            return type.cast(proxy);
        }
    }
}
