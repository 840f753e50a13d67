package dev.millrace.invariant;

import java.time.Duration;
import java.time.temporal.ChronoUnit;

/**
 * Something that is always true from some time after its beginning on, and the query that finds where it is not.
 *
 * @param name as the contract's answer shows it
 * @param mark under which it remembers how far it has come
 * @param table whose rows it goes through, in the order of their ids
 * @param unit of time, whose rows are always looked at together
 * @param settling how old something is when it is looked at for the last time
 * @param early whether it must hold before, too, as far as it can be seen
 * @param violations selects one column, {@code id}, of what violates it in a {@link Slice}: from the id {@code :from} on and
 *     before {@code :until}, {@code :most} rows; or between the moments {@code :start} and {@code :end}. What belongs to it in
 *     other tables has ids from {@code :before} on and before {@code :after}
 */
record Invariant(
        String name, String mark, String table, ChronoUnit unit, Duration settling, boolean early, String violations) {

    /** What is true at any time for whoever sees all of a transaction or nothing. */
    static Invariant always(String name, String table, String violations) {
        return new Invariant(name, name, table, ChronoUnit.MILLIS, Invariants.TRANSACTION, true, violations);
    }

    /** What is true some time later, and is looked at only then. */
    static Invariant after(Duration settling, String name, String table, String violations) {
        return new Invariant(name, name, table, ChronoUnit.MILLIS, settling, false, violations);
    }

    /** The same, looked at once more. */
    Invariant againAfter(Duration later) {
        return new Invariant(name, name + "-finally", table, unit, later, false, violations);
    }

    /** Whether what belongs together may lie on both sides of a slice's ends. */
    boolean hasMargins() {
        return violations.contains(":before");
    }
}
