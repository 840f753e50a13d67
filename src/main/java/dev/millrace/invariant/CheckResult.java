package dev.millrace.invariant;

import java.util.List;

/**
 * What a check has found.
 *
 * @param sample the ids of some of the violations
 */
record CheckResult(String name, boolean ok, long violations, List<String> sample) {}
