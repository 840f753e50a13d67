package dev.millrace.database;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.RunningService;
import java.time.Instant;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;

/** PostgreSQL reads from an array what was put into it, by its own word for it. */
@RunningService
@Tag("postgresql")
@RequiredArgsConstructor
class BinaryArraysTests {

    private final DatabaseClient database;

    @Test
    void sendUuids() {
        assertThat(read(
                        new UUID[] {UUID.fromString("0193752e-8a7b-7c3d-8e4f-a5b6c7d8e9f0"), null, new UUID(-1, 1)},
                        "UUID"))
                .isEqualTo("{0193752e-8a7b-7c3d-8e4f-a5b6c7d8e9f0,NULL,ffffffff-ffff-ffff-0000-000000000001}");
    }

    @Test
    void sendNumbers() {
        assertThat(read(new Long[] {0L, -1L, Long.MAX_VALUE, null, Long.MIN_VALUE}, "BIGINT"))
                .isEqualTo("{0,-1,9223372036854775807,NULL,-9223372036854775808}");
        assertThat(read(new Integer[] {7, null, Integer.MIN_VALUE}, "INTEGER")).isEqualTo("{7,NULL,-2147483648}");
    }

    /** What is finer is cut off; PostgreSQL would round the text that the driver writes. */
    @Test
    void sendTimesInMicroseconds() {
        Instant[] times = {
            Instant.parse("2026-11-23T10:15:30.123456789Z"),
            null,
            Instant.parse("1999-12-31T23:59:59.999999Z"),
            Instant.EPOCH
        };

        assertThat(read(times, "TIMESTAMPTZ"))
                .isEqualTo(
                        "{\"2026-11-23 10:15:30.123456+00\",NULL,\"1999-12-31 23:59:59.999999+00\",\"1970-01-01 00:00:00+00\"}");
    }

    /** None of what is special in an array's text is special here. */
    @Test
    void sendText() {
        assertThat(read(new String[] {"a", "", null, "NULL", "{\"b\",\\c}", "질소 ☃ 𝄞"}, "VARCHAR"))
                .isEqualTo("{a,\"\",NULL,\"NULL\",\"{\\\"b\\\",\\\\c}\",\"질소 ☃ 𝄞\"}");
    }

    @Test
    void sendNothing() {
        assertThat(read(new String[0], "VARCHAR")).isEqualTo("{}");
        assertThat(read(new UUID[0], "UUID")).isEqualTo("{}");
    }

    private String read(Object[] array, String type) {
        return now(database.sql(
                        "SELECT CAST(CAST(:array AS %s[]) AS VARCHAR) AS text FROM (SELECT set_config('TimeZone', 'UTC', FALSE)) AS zone"
                                .formatted(type))
                .bind("array", array)
                .map(row -> row.get("text", String.class))
                .one());
    }
}
