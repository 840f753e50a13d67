/** The payment service; one folder is one feature. */
@NullMarked
package dev.millrace;

import org.jspecify.annotations.NullMarked;
