package dev.millrace.shared;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** The opaque mark of a place in a list: its last key, bound to the filters it was read with. */
final class Cursor {

    private static final char SEPARATOR = '\n';

    private Cursor() {}

    static String write(String lastKey, String filters) {
        byte[] bytes = (filters + SEPARATOR + lastKey).getBytes(StandardCharsets.UTF_8);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Returns the last key, or nothing if the cursor is not one of ours or belongs to other filters. */
    static Optional<String> read(String cursor, String filters) {
        try {
            String text = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
            String prefix = filters + SEPARATOR;
            return text.startsWith(prefix) ? Optional.of(text.substring(prefix.length())) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
