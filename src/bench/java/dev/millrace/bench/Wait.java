package dev.millrace.bench;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waiting, on a thread that has nothing else to do. */
final class Wait {

    private Wait() {}

    static void millis(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** False if it has not come true by then. */
    static boolean until(BooleanSupplier condition, Duration atMost) {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            millis(20);
        }
        return true;
    }
}
