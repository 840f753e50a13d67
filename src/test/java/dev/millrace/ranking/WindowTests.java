package dev.millrace.ranking;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A window begins with the hour that its first moment lies in, so that it misses no sale. */
class WindowTests {

    @ParameterizedTest
    @CsvSource({
        "1h,  2026-03-01T10:00:00Z",
        "24h, 2026-02-28T11:00:00Z",
        "7d,  2026-02-22T11:00:00Z",
        "30d, 2026-01-30T11:00:00Z",
        "all, 1970-01-01T00:00:00Z"
    })
    void beginsWithAWholeHour(String text, Instant from) {
        Window window = Window.of(text).orElseThrow();

        assertThat(window.from(Instant.parse("2026-03-01T11:59:59.999Z"))).isEqualTo(from);
        assertThat(window.text()).isEqualTo(text);
    }

    @Test
    void keepsAWholeHourAsItIs() {
        assertThat(Window.HOUR.from(Instant.parse("2026-03-01T11:00:00Z"))).isEqualTo("2026-03-01T10:00:00Z");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1H", "2h", "ALL", "HOUR", "24 h"})
    void isKnownByItsNameInTheContractOnly(String text) {
        assertThat(Window.of(text)).isEmpty();
    }
}
