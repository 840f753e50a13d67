package dev.millrace.invariant;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;

/** The moment up to which nothing was wrong. */
record Watermark(Instant moment) {

    static final Watermark BEGINNING = new Watermark(Instant.EPOCH);

    /** The smallest id of version 7 (RFC 9562, section 5.7) that can have been drawn at the moment. */
    UUID firstId() {
        return new UUID(moment.toEpochMilli() << 16, 0);
    }

    /** So much earlier, but not before the beginning. */
    Watermark minus(Duration earlier) {
        Instant before = moment.minus(earlier);
        return before.isAfter(Instant.EPOCH) ? new Watermark(before) : BEGINNING;
    }

    Watermark truncatedTo(ChronoUnit unit) {
        return new Watermark(moment.truncatedTo(unit));
    }

    boolean isAfter(Watermark other) {
        return moment.isAfter(other.moment);
    }
}
