package dev.millrace.invariant;

import java.time.Duration;

/**
 * Something that is always true, and the query that finds where it is not.
 *
 * @param name as the contract's answer shows it
 * @param settling how long after its beginning something may still be unfinished: what is younger is looked at again next time
 * @param violations selects one column, {@code id}, of what violates it among what was added after {@code :since} (an id), or
 *     from {@code :hour} on, whose first id is {@code :first}; may use {@code :settled}, the moment that long ago
 */
record Invariant(String name, Duration settling, String violations) {}
