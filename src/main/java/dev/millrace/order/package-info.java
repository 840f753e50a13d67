/** Orders, from placing to confirmation. API: {@link dev.millrace.order.OrderUseCase} and the events. */
@NullMarked
package dev.millrace.order;

import org.jspecify.annotations.NullMarked;
