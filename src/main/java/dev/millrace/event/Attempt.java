package dev.millrace.event;

import reactor.core.publisher.Mono;

/**
 * Which attempt at a delivery is being made; a handler finds it in its context.
 *
 * @param number from 1
 */
public record Attempt(int number) {

    private static final Attempt FIRST = new Attempt(1);

    /** The attempt that is under way; the first, where a handler is called by other means. */
    public static Mono<Attempt> current() {
        return Mono.deferContextual(
                context -> Mono.just(context.<Attempt>getOrEmpty(Attempt.class).orElse(FIRST)));
    }
}
