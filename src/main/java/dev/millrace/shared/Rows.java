package dev.millrace.shared;

import io.r2dbc.spi.Readable;
import java.util.Objects;

/** Reads columns that are never null. */
public final class Rows {

    private Rows() {}

    public static <T> T required(Readable row, String column, Class<T> type) {
        return Objects.requireNonNull(row.get(column, type), column);
    }

    public static Money money(Readable row, String column) {
        return Money.of(required(row, column, Long.class));
    }
}
