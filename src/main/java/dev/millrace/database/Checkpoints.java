package dev.millrace.database;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * Puts committed transactions of the embedded H2 on disk, many with one write.
 *
 * <p>H2's commit stays in memory until a background writer stores it, and a killed process loses it. So whoever has committed
 * waits here for a checkpoint (written and fsynced) that began after its commit. One checkpoint runs at a time; all who
 * arrive meanwhile share the next one, as the writers of a write-ahead log do. The number of waiting commits is bounded by
 * the number of connections.
 *
 * <p>A transaction may see a commit before it is on disk, but does not end before it is. Not promised: a plain read, outside
 * of a transaction, may tell of a commit that a crash within the next milliseconds undoes.
 */
@Slf4j
@RequiredArgsConstructor
final class Checkpoints {

    /**
     * The store is written in the background too, without a word when that is done. A change of our own makes sure that the
     * checkpoint finds something to store, and so waits for every earlier write.
     */
    private static final String MARK = "UPDATE checkpoint_mark SET mark = mark + 1";

    private static final String CHECKPOINT = "CHECKPOINT SYNC";
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private final ConnectionFactory factory;
    private final Runnable upkeep;
    private final H2Thread thread = new H2Thread();
    private final Queue<MonoSink<Void>> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger arrivals = new AtomicInteger();
    private final Mono<Connection> connection =
            Mono.<Connection>from(Mono.defer(this::open)).cacheInvalidateIf(open -> false);

    /** Completes when a checkpoint that began after the subscription is on disk. */
    Mono<Void> next() {
        return Mono.create(this::join);
    }

    private void join(MonoSink<Void> sink) {
        waiting.add(sink);
        if (arrivals.getAndIncrement() == 0) {
            thread.run(Mono.fromRunnable(this::drain)).subscribe();
        }
    }

    /** Runs on the thread alone: checkpoints until nobody has arrived since the last one began. */
    private void drain() {
        int seen = arrivals.get();
        do {
            List<MonoSink<Void>> group = takeAll();
            checkpoint().subscribe(null, error -> fail(group, error), () -> group.forEach(MonoSink::success));
            upkeep.run();
            seen = arrivals.addAndGet(-seen);
        } while (seen != 0);
    }

    private List<MonoSink<Void>> takeAll() {
        List<MonoSink<Void>> group = new ArrayList<>();
        for (MonoSink<Void> sink = waiting.poll(); sink != null; sink = waiting.poll()) {
            group.add(sink);
        }
        return group;
    }

    private void fail(List<MonoSink<Void>> group, Throwable error) {
        log.error("A checkpoint failed; {} commits may not be on disk", group.size(), error);
        group.forEach(sink -> sink.error(error));
    }

    private Mono<Void> checkpoint() {
        return connection.flatMap(open -> execute(open, MARK).then(execute(open, CHECKPOINT)));
    }

    /** Closes the database as a whole, whatever is still connected. */
    void closeDatabase() {
        thread.run(connection.flatMap(open -> execute(open, "SHUTDOWN")))
                .timeout(CLOSE_TIMEOUT)
                .doOnError(error -> log.warn("The database was not closed cleanly; the next start recovers it", error))
                .onErrorComplete()
                .doFinally(signal -> thread.dispose())
                .toFuture()
                .join();
    }

    private Mono<Connection> open() {
        return Mono.from(factory.create());
    }

    private static Mono<Void> execute(Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(Result::getRowsUpdated)
                .then();
    }
}
