package dev.millrace.transaction;

import java.time.Duration;
import java.util.stream.Stream;

/** How long a lane leaves the machine to others after a group. */
@FunctionalInterface
interface Rest {

    Rest NONE = (worked, done) -> Duration.ZERO;

    /**
     * @param worked how long the group took
     * @param done what the group did
     */
    Duration after(Duration worked, Stream<Lane> done);
}
