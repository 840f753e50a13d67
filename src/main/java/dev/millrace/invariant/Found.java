package dev.millrace.invariant;

import java.util.List;
import java.util.stream.Stream;

/**
 * What was found wrong.
 *
 * @param sample the ids of some of the violations
 */
record Found(long violations, List<String> sample) {

    static final Found NOTHING = new Found(0, List.of());

    private static final int SAMPLE = 5;

    Found and(Found other) {
        List<String> both = Stream.concat(sample.stream(), other.sample.stream())
                .distinct()
                .limit(SAMPLE)
                .toList();
        return new Found(violations + other.violations, both);
    }

    boolean isNothing() {
        return violations == 0;
    }
}
