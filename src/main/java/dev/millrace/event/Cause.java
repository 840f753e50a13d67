package dev.millrace.event;

import dev.millrace.shared.Trace;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** What a new event follows from: the event being handled, or a request. */
record Cause(
        @Nullable UUID correlationId,
        @Nullable UUID causationId,
        @Nullable String traceparent) {

    static Context put(Context context, StoredEvent handled) {
        return context.put(Cause.class, new Cause(handled.correlationId(), handled.id(), handled.traceparent()));
    }

    static Cause in(ContextView context) {
        Optional<Cause> handled = context.getOrEmpty(Cause.class);
        return handled.orElseGet(() ->
                new Cause(null, null, Trace.in(context).map(Trace::traceparent).orElse(null)));
    }
}
