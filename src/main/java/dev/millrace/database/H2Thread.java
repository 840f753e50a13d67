package dev.millrace.database;

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
 * <p>It is never interrupted: an interrupt during a read or a write closes H2's file, and with it the database for everybody.
 * What is cancelled while it runs is therefore finished, and its result dropped.
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
        // As an ExecutorService it would be interrupted to cancel a task; as an Executor it cannot be.
        this.scheduler = Schedulers.fromExecutor(executor::execute);
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

    private boolean isCurrent() {
        return Thread.currentThread() == thread;
    }
}
