package dev.millrace.invariant;

import java.util.List;
import java.util.stream.Stream;

/**
 * How far a check has come. What is wrong is left behind, to be looked at again each time until it is mended; the mark stays
 * before it, so that another process begins there.
 *
 * @param reached everything before has been looked at
 * @param wrong the slices in which something is wrong, in their order
 * @param rows how many the next slice has: fewer after one that failed
 */
record Walk(Watermark reached, List<Look> wrong, int rows) {

    private static final int MOST_WRONG = 10;
    private static final int SMALLER = 4;
    private static final int FEWEST = 100;

    /** A slice, and what is wrong in it. */
    record Look(Slice slice, Found found) {

        boolean isRight() {
            return found.isNothing();
        }
    }

    static Walk from(Watermark mark, int rows) {
        return new Walk(mark, List.of(), rows);
    }

    /** Up to where nothing is wrong. */
    Watermark mark() {
        return wrong.isEmpty() ? reached : wrong.get(0).slice().from();
    }

    Found found() {
        return wrong.stream().map(Look::found).reduce(Found.NOTHING, Found::and);
    }

    /** With so much wrong it goes no further before something is mended. */
    boolean mayGoOn() {
        return wrong.size() < MOST_WRONG;
    }

    Walk past(Look look, int fullSize) {
        List<Look> left = look.isRight()
                ? wrong
                : Stream.concat(wrong.stream(), Stream.of(look)).toList();
        return new Walk(look.slice().until(), left, Math.min(fullSize, rows * SMALLER));
    }

    Walk with(List<Look> stillWrong) {
        return new Walk(reached, stillWrong, rows);
    }

    boolean mayTakeLess() {
        return rows > FEWEST;
    }

    Walk takingLess() {
        return new Walk(reached, wrong, Math.max(1, rows / SMALLER));
    }
}
