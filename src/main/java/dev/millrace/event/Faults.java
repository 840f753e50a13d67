package dev.millrace.event;

import dev.millrace.shared.FaultPlan;
import dev.millrace.shared.FaultPlan.Fault;
import java.util.concurrent.TimeoutException;
import reactor.core.publisher.Mono;

/** Acts out the {@link FaultPlan} that came with an order; without one it does nothing. */
public final class Faults {

    private Faults() {}

    /** Fails as planned for this attempt at the step, or completes. */
    public static Mono<Void> at(String step) {
        return Mono.deferContextual(context -> FaultPlan.in(context)
                .faultAt(step)
                .map(fault -> Mono.<Void>error(() -> toError(fault)))
                .orElseGet(Mono::empty));
    }

    private static Exception toError(Fault fault) {
        return switch (fault.kind()) {
            case "permanent" -> new PermanentFailure("planned: permanent");
            case "timeout" -> new TimeoutException();
            default -> new TransientFailure("planned: transient");
        };
    }
}
