package dev.millrace.bench;

import java.time.Duration;
import lombok.RequiredArgsConstructor;

/** When the requests of a turn are due, in nanoseconds after its start. */
interface Pace {

    /**
     * @param number of the request, counted from zero
     * @param elapsed since the start of the turn
     */
    long due(long number, long elapsed);

    /** How long a request that is due waits for a connection before it is given up. */
    default long patience() {
        return Long.MAX_VALUE;
    }

    /** Closed loop: a client that has its answer sends at once. It tells a rate, and hides how long others would have waited. */
    static Pace closed() {
        return (number, elapsed) -> elapsed;
    }

    /**
     * Open loop: a constant rate, whatever becomes of the requests before. One that finds no free connection is sent later, and
     * its waiting counts: nothing is omitted in favour of a service that stalls.
     */
    static Pace open(double perSecond) {
        return new Open(perSecond, Long.MAX_VALUE);
    }

    /** As {@link #open(double)}, but whoever finds no connection for so long goes away. */
    static Pace open(double perSecond, Duration patience) {
        return new Open(perSecond, patience.toNanos());
    }

    /** A constant rate. */
    @RequiredArgsConstructor
    final class Open implements Pace {

        private final double perSecond;
        private final long patience;

        @Override
        public long due(long number, long elapsed) {
            return (long) (number * 1e9 / perSecond);
        }

        @Override
        public long patience() {
            return patience;
        }
    }
}
