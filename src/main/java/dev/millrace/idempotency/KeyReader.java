package dev.millrace.idempotency;

import dev.millrace.shared.InvalidRequest;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import org.springframework.http.server.PathContainer.PathSegment;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.ServerRequest;

/** Reads the {@code Idempotency-Key} header: visible ASCII, bare or as a quoted string (RFC 8941, section 3.3.3). */
@Component
@RequiredArgsConstructor
class KeyReader {

    static final String HEADER = "Idempotency-Key";

    private static final String ANYONE = "anyone";
    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7E]{1,255}");
    private static final Pattern QUOTED = Pattern.compile("\"((?:[\\x20\\x21\\x23-\\x5B\\x5D-\\x7E]|\\\\[\"\\\\])*)\"");
    private static final Pattern ESCAPE = Pattern.compile("\\\\([\"\\\\])");

    private final IdempotencyProperties properties;

    /** The scope of the request's key; nothing if it has none and needs none. */
    Optional<KeyScope> read(ServerRequest request) {
        List<String> headers = request.headers().header(HEADER);
        if (headers.isEmpty()) {
            return withoutKey();
        }
        if (headers.size() > 1) {
            throw InvalidRequest.idempotencyKeyInvalid();
        }
        return Optional.of(new KeyScope(ANYONE, operationOf(request), requireKey(headers.get(0))));
    }

    private Optional<KeyScope> withoutKey() {
        if (properties.required()) {
            throw InvalidRequest.idempotencyKeyMissing();
        }
        return Optional.empty();
    }

    /** Method and path, in the one spelling of all that mean the same. */
    private static String operationOf(ServerRequest request) {
        String path = request.requestPath().pathWithinApplication().elements().stream()
                .map(element -> element instanceof PathSegment segment ? segment.valueToMatch() : element.value())
                .collect(Collectors.joining());
        return request.method() + " " + path.toLowerCase(Locale.ROOT);
    }

    private static String requireKey(String header) {
        var quoted = QUOTED.matcher(header);
        String key = quoted.matches() ? ESCAPE.matcher(quoted.group(1)).replaceAll("$1") : header;
        if (!KEY.matcher(key).matches()) {
            throw InvalidRequest.idempotencyKeyInvalid();
        }
        return key;
    }
}
