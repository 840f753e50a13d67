package dev.millrace.shared;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One page of a list; the cursor leads to the next page, and is null on the last one. */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record Page<T>(List<T> data, @Nullable String nextCursor) {

    /** Cuts the rows read for the request to a page. */
    public static <T> Page<T> of(List<T> rows, PageRequest request, Function<T, Object> key) {
        if (rows.size() <= request.limit()) {
            return new Page<>(rows, null);
        }
        List<T> data = rows.subList(0, request.limit());
        String lastKey = key.apply(data.get(data.size() - 1)).toString();
        return new Page<>(data, Cursor.write(lastKey, request.filters()));
    }

    public <R> Page<R> map(Function<T, R> mapper) {
        return new Page<>(data.stream().map(mapper).toList(), nextCursor);
    }
}
