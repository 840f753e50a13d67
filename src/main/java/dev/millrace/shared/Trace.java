package dev.millrace.shared;

import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * The W3C trace context that a request, and everything that follows from it, belongs to.
 *
 * @see <a href="https://www.w3.org/TR/trace-context/">Trace Context</a>
 */
public record Trace(String traceparent) {

    static final String HEADER = "traceparent";

    private static final Pattern FORMAT = Pattern.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");

    /** Continues the caller's trace if it sent a valid one, and starts a new one if not. */
    public static Trace continuing(@Nullable String traceparent) {
        if (traceparent != null && FORMAT.matcher(traceparent).matches()) {
            return new Trace(traceparent);
        }
        return new Trace("00-" + randomDigits() + randomDigits() + "-" + randomDigits() + "-01");
    }

    /** Never all zero. */
    private static String randomDigits() {
        return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong() | 1);
    }

    public static Optional<Trace> in(ContextView context) {
        return context.getOrEmpty(Trace.class);
    }

    public String traceId() {
        return traceparent.substring(3, 35);
    }

    public Context addTo(Context context) {
        return context.put(Trace.class, this);
    }
}
