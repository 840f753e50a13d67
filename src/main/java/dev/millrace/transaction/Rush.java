package dev.millrace.transaction;

import java.util.function.IntSupplier;
import lombok.RequiredArgsConstructor;

/**
 * Whether many are waited for, and not just for a moment: a moving average tells a machine that cannot keep up from one that has a
 * group under way.
 *
 * @see <a href="https://www.itl.nist.gov/div898/handbook/pmc/section3/pmc324.htm">Exponentially weighted moving averages</a>
 */
@RequiredArgsConstructor
final class Rush {

    private static final double WEIGHT_OF_ONE_LOOK = 1.0 / 8;

    private final IntSupplier waitedFor;
    private final int from;
    private double average;

    /** To be called now and then: only what is seen counts. */
    synchronized void look() {
        average += (waitedFor.getAsInt() - average) * WEIGHT_OF_ONE_LOOK;
    }

    synchronized boolean isOn() {
        return average >= from;
    }

    /** Whether hardly anybody is waited for. */
    synchronized boolean isFar() {
        return average < 1;
    }
}
