/**
 * How fast it is: the packaged service in a process of its own, beside what the database does alone, in rounds that take turns.
 *
 * <p>Absolute figures drift with the machine and with what else runs on it. What is compared here are medians of rounds that
 * alternate within one run.
 */
@NullMarked
package dev.millrace.bench;

import org.jspecify.annotations.NullMarked;
