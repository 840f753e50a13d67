/** Sends confirmed orders to the external platform. */
@NullMarked
package dev.millrace.export;

import org.jspecify.annotations.NullMarked;
