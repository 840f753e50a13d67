package dev.millrace.invariant;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;

/** A moment, to the millisecond, that what was added before is told apart by from what was added later. */
record Watermark(Instant moment) {

    static final Watermark BEGINNING = new Watermark(Instant.EPOCH);

    Watermark {
        moment = moment.truncatedTo(ChronoUnit.MILLIS);
    }

    /** When the id of version 7 (RFC 9562, section 5.7) was drawn. */
    static Watermark of(UUID id) {
        return new Watermark(Instant.ofEpochMilli(id.getMostSignificantBits() >>> 16));
    }

    /** The smallest id of version 7 that can have been drawn at the moment. */
    UUID firstId() {
        return new UUID(moment.toEpochMilli() << 16, 0);
    }

    /** So much earlier, but not before the beginning. */
    Watermark minus(Duration earlier) {
        Instant before = moment.minus(earlier);
        return before.isAfter(Instant.EPOCH) ? new Watermark(before) : BEGINNING;
    }

    Watermark plus(Duration later) {
        return new Watermark(moment.plus(later));
    }

    Watermark truncatedTo(ChronoUnit unit) {
        return new Watermark(moment.truncatedTo(unit));
    }

    boolean isAfter(Watermark other) {
        return moment.isAfter(other.moment);
    }
}
