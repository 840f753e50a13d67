package dev.millrace.invariant;

import java.time.Duration;
import java.util.UUID;

/**
 * What was added from a moment on and before another one: what one statement looks at.
 *
 * @param most how many rows that is at most
 */
record Slice(Watermark from, Watermark until, int most) {

    /** What was drawn in one unit of time stays together, however much it is. */
    private static final int UNKNOWN = Integer.MAX_VALUE;

    /** The rows before the next one, which is so many rows away, or the first unit if it is all of the same. */
    static Slice before(UUID next, Watermark from, Invariant invariant, int rows) {
        Watermark until = Watermark.of(next).truncatedTo(invariant.unit());
        return until.isAfter(from)
                ? new Slice(from, until, rows)
                : new Slice(from, from.plus(invariant.unit().getDuration()), UNKNOWN);
    }

    boolean isBounded() {
        return most < UNKNOWN;
    }

    /** The first id that may have been drawn together with one in the slice. */
    UUID firstId(Duration margin) {
        return from.minus(margin).firstId();
    }

    /** The first id that was certainly drawn later. */
    UUID endId(Duration margin) {
        return until.plus(margin).firstId();
    }
}
