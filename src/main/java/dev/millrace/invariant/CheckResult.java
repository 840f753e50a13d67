package dev.millrace.invariant;

import java.util.List;

/**
 * What a check has found.
 *
 * @param sample the ids of some of the violations
 */
record CheckResult(String name, boolean ok, long violations, List<String> sample) {

    /** What was found both times; nothing, if no id of one sample is in the other. */
    CheckResult butOnly(CheckResult before) {
        List<String> both = sample.stream().filter(before.sample::contains).toList();
        return both.isEmpty() ? new CheckResult(name, true, 0, both) : new CheckResult(name, false, violations, both);
    }
}
