/** Counts what was sold and serves the top list. */
@NullMarked
package dev.millrace.ranking;

import org.jspecify.annotations.NullMarked;
