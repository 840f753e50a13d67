package dev.millrace.invariant;

import java.util.List;

/** What all checks have found. */
record InvariantReport(boolean ok, List<CheckResult> checks) {

    static InvariantReport of(List<CheckResult> checks) {
        return new InvariantReport(checks.stream().allMatch(CheckResult::ok), checks);
    }
}
