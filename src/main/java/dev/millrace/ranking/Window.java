package dev.millrace.ranking;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Optional;
import lombok.RequiredArgsConstructor;

/** How far back a ranking looks. */
@RequiredArgsConstructor
enum Window {
    HOUR("1h", Duration.ofHours(1)),
    DAY("24h", Duration.ofHours(24)),
    WEEK("7d", Duration.ofDays(7)),
    MONTH("30d", Duration.ofDays(30)),
    ALL("all", Duration.ZERO);

    private final String text;
    private final Duration length;

    static Optional<Window> of(String text) {
        return Arrays.stream(values())
                .filter(window -> window.text.equals(text))
                .findFirst();
    }

    /**
     * The start of the first hour that has a part in the window. Sales are counted by the hour, so a window never misses a
     * sale and begins up to an hour early.
     */
    Instant from(Instant now) {
        return this == ALL ? Instant.EPOCH : now.minus(length).truncatedTo(ChronoUnit.HOURS);
    }

    @JsonValue
    String text() {
        return text;
    }
}
