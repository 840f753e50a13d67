/** How changes are committed: shielded from callers that leave, repeated when the database asks for it, many at once. */
@NullMarked
package dev.millrace.transaction;

import org.jspecify.annotations.NullMarked;
