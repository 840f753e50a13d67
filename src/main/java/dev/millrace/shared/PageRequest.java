package dev.millrace.shared;

import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/** Which page of a list is asked for: at most {@code limit} rows after a key, newest first. */
public record PageRequest(String filters, int limit, Optional<String> after) {

    private static final UUID GREATEST_UUID = new UUID(-1, -1);

    /** One row more than asked for, which tells whether there is a next page. */
    public int rowsToRead() {
        return limit + 1;
    }

    /** The exclusive upper bound of a list whose key is a UUID. */
    public UUID beforeUuid() {
        return after.map(key -> parse(key, UUID::fromString)).orElse(GREATEST_UUID);
    }

    /** The exclusive upper bound of a list whose key is a number. */
    public long beforeNumber() {
        return after.map(key -> parse(key, Long::parseLong)).orElse(Long.MAX_VALUE);
    }

    private static <T> T parse(String key, Function<String, T> parser) {
        try {
            return parser.apply(key);
        } catch (IllegalArgumentException e) {
            throw InvalidRequest.invalidCursor();
        }
    }
}
