package dev.millrace.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** The thread of an H2 connection. */
class H2ThreadTests {

    private final H2Thread thread = new H2Thread();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private final CompletableFuture<Boolean> interrupted = new CompletableFuture<>();

    @AfterEach
    void dispose() {
        thread.dispose();
    }

    @Test
    void isNotInterruptedByACancellation() throws InterruptedException {
        Disposable subscription = thread.run(work()).subscribe();
        begun.await();

        subscription.dispose();
        released.countDown();

        assertThat(interrupted.join()).isFalse();
    }

    @Test
    void isNotInterruptedByItsDisposal() throws InterruptedException {
        thread.run(work()).subscribe();
        begun.await();

        thread.dispose();
        released.countDown();

        assertThat(interrupted.join()).isFalse();
    }

    /** Runs like a statement: it notices an interrupt if there is one, and goes on. */
    private Mono<Void> work() {
        return Mono.fromRunnable(() -> {
            begun.countDown();
            boolean interruptedWhileWaiting = false;
            try {
                released.await();
            } catch (InterruptedException e) {
                interruptedWhileWaiting = true;
            }
            interrupted.complete(
                    interruptedWhileWaiting || Thread.currentThread().isInterrupted());
        });
    }
}
