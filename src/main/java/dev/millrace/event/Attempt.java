package dev.millrace.event;

import reactor.core.publisher.Mono;

/**
 * Which attempt at a delivery is being made; a handler finds it in its context.
 *
 * @param number from 1
 */
public record Attempt(int number) {

    /** The attempt that is under way; empty if nothing is being handled. */
    public static Mono<Attempt> current() {
        return Mono.deferContextual(context -> Mono.justOrEmpty(context.<Attempt>getOrEmpty(Attempt.class)));
    }
}
