package dev.millrace.shared;

import io.r2dbc.spi.Readable;
import java.util.Collection;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Reads columns that are never null, and writes many rows column by column. */
public final class Rows {

    private Rows() {}

    public static <T> T required(Readable row, String column, Class<T> type) {
        return Objects.requireNonNull(row.get(column, type), column);
    }

    public static Money money(Readable row, String column) {
        return Money.of(required(row, column, Long.class));
    }

    /** One column of many rows, to be bound as an array. */
    public static <T, V> @Nullable V[] column(
            Collection<T> rows, Function<T, ? extends @Nullable V> value, IntFunction<@Nullable V[]> array) {
        return rows.stream().map(value).toArray(array);
    }
}
