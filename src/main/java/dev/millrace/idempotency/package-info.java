/** Answers a key once and repeats the answer. API: {@link dev.millrace.idempotency.Idempotency}. */
@NullMarked
package dev.millrace.idempotency;

import org.jspecify.annotations.NullMarked;
