package dev.millrace.ranking;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What products are ranked by. */
enum Metric {
    QUANTITY,
    REVENUE;

    @JsonValue
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
