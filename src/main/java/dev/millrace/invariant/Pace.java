package dev.millrace.invariant;

import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.util.function.Tuple2;

/**
 * How much a look at the books may ask of the database.
 *
 * @param rest after each slice, in multiples of what it took
 * @param slices how many of each check are looked at before it is the turn of the next one
 * @param wholeTail whether what is too young to be settled is looked at, too, if it is more than one slice
 */
record Pace(int rest, int slices, boolean wholeTail) {

    /** For somebody who waits for it. */
    static final Pace AT_ONCE = new Pace(0, Integer.MAX_VALUE, true);

    /** A twentieth of the time, and never more in a row than a slice: the rest is for those who pay. */
    static final Pace GIVING_WAY = new Pace(19, 50, false);

    /** Does the work, and then rests, whether or not it went well. */
    <T> Mono<T> keep(Mono<T> work) {
        return rest == 0
                ? work
                : work.materialize()
                        .elapsed()
                        .delayUntil(done -> Mono.delay(Duration.ofMillis(done.getT1() * rest)))
                        .map(Tuple2::getT2)
                        .dematerialize();
    }
}
