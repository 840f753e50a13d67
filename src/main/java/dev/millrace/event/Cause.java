package dev.millrace.event;

import dev.millrace.shared.FaultPlan;
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
        @Nullable String traceparent,
        @Nullable String faultPlan) {

    static final Cause NONE = new Cause(null, null, null, null);

    /** Makes the delivery's event the cause of everything recorded while it is handled. */
    static Context put(Context context, Delivery delivery) {
        StoredEvent event = delivery.event();
        Cause cause = new Cause(event.correlationId(), event.id(), event.traceparent(), event.faultPlan());
        Context handling = context.put(Cause.class, cause).put(Attempt.class, new Attempt(delivery.attempts()));
        return FaultPlan.stored(event.faultPlan(), (int) delivery.fence()).addTo(handling);
    }

    static Cause in(ContextView context) {
        Optional<Cause> handled = context.getOrEmpty(Cause.class);
        return handled.orElseGet(() -> new Cause(
                null,
                null,
                Trace.in(context).map(Trace::traceparent).orElse(null),
                FaultPlan.in(context).text()));
    }
}
