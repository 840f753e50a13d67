package dev.millrace.event;

import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Work in turns that is stopped between two of them. */
final class KafkaTurns {

    private KafkaTurns() {}

    /** Takes one turn after the other until the stop, and then finishes those it has taken; emits after each. */
    static Flux<Boolean> until(Mono<Void> stop, Flux<Mono<Void>> turns) {
        return Flux.merge(1, turns.map(turn -> turn.thenReturn(false)), stop.thenReturn(Mono.just(true)))
                .concatMap(Function.identity(), 1)
                .takeUntil(stopped -> stopped);
    }
}
