package dev.millrace.invariant;

import java.util.List;

/**
 * What a check has found.
 *
 * @param violations what is wrong, counted once in each slice in which it shows
 * @param sample the ids of some of the violations
 */
record CheckResult(String name, boolean ok, long violations, List<String> sample) {

    static CheckResult of(String name, Found found) {
        return new CheckResult(name, found.isNothing(), found.violations(), found.sample());
    }

    /** What several looks of one check have found. */
    static CheckResult ofAll(List<CheckResult> looks) {
        Found found = looks.stream()
                .map(look -> new Found(look.violations(), look.sample()))
                .reduce(Found.NOTHING, Found::and);
        return of(looks.get(0).name(), found);
    }
}
