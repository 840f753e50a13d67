package dev.millrace.database;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * A thread that may wait for locks and disks, so that no other thread has to.
 *
 * <p>It is never interrupted: H2 reads and writes through a {@link java.nio.channels.FileChannel}, which an interrupt closes
 * for everybody. A cancelled statement runs to its end and nobody looks at its result.
 */
final class H2Thread {

    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final ExecutorService executor;
    private final Scheduler scheduler;
    private volatile @Nullable Thread thread;

    H2Thread() {
        String name = "h2-" + NUMBER.incrementAndGet();
        this.executor = Executors.newSingleThreadExecutor(work -> {
            Thread created = new Thread(work, name);
            created.setDaemon(true);
            thread = created;
            return created;
        });
        this.scheduler = Schedulers.fromExecutor(withoutInterrupts(executor));
    }

    Scheduler scheduler() {
        return scheduler;
    }

    /** Runs the work on this thread; at once if the subscriber is on it already. */
    <T> Mono<T> run(Mono<T> work) {
        return Mono.defer(() -> isCurrent() ? work : work.subscribeOn(scheduler));
    }

    <T> Flux<T> run(Flux<T> work) {
        return Flux.defer(() -> isCurrent() ? work : work.subscribeOn(scheduler));
    }

    void dispose() {
        scheduler.dispose();
        executor.shutdown();
    }

    /** Of an executor service the scheduler would cancel tasks by interrupting them; of a plain executor it cannot. */
    private static Executor withoutInterrupts(ExecutorService executor) {
        return task -> executor.execute(task);
    }

    private boolean isCurrent() {
        return Thread.currentThread() == thread;
    }
}
