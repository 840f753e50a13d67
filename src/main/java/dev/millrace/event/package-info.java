/** How features talk: recorded in the transaction, delivered at least once. API: {@link dev.millrace.event.EventPublisher} and the handler interfaces. */
@NullMarked
package dev.millrace.event;

import org.jspecify.annotations.NullMarked;
