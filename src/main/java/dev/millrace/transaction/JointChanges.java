package dev.millrace.transaction;

import java.util.List;
import reactor.core.publisher.Mono;

/** Makes changes of several kinds at once. */
@FunctionalInterface
interface JointChanges {

    /** Makes all of them, or fails. */
    Mono<Void> make(List<DeferredChange.Part> parts);
}
