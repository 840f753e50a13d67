/** Proves, again and again, that the books are right. Reads every feature's tables, and nothing depends on it. */
@NullMarked
package dev.millrace.invariant;

import org.jspecify.annotations.NullMarked;
