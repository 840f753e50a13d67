/** Takes payments. Nothing depends on it. */
@NullMarked
package dev.millrace.payment;

import org.jspecify.annotations.NullMarked;
