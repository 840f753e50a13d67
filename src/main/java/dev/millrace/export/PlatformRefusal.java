package dev.millrace.export;

import dev.millrace.event.PermanentFailure;
import dev.millrace.event.TransientFailure;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.web.reactive.function.client.ClientResponse;

/** Tells from the platform's answer whether a repetition may succeed, and when. */
final class PlatformRefusal {

    static final Duration LONGEST_WAIT = Duration.ofHours(1);

    private static final Set<Integer> PASSING = Set.of(408, 425, 429);
    private static final Pattern SECONDS = Pattern.compile("\\d{1,9}");

    private PlatformRefusal() {}

    static RuntimeException of(ClientResponse response, Instant now) {
        int status = response.statusCode().value();
        String message = "platform answered " + status;
        return status >= 500 || PASSING.contains(status)
                ? new TransientFailure(
                        message, retryAfter(response.headers().asHttpHeaders().getFirst(HttpHeaders.RETRY_AFTER), now))
                : new PermanentFailure(message);
    }

    /** How long the platform asks to be left alone, within reason; null if it does not say, or not in a way to be understood. */
    static @Nullable Duration retryAfter(@Nullable String header, Instant now) {
        Duration asked = header == null ? null : parse(header.strip(), now);
        if (asked == null || asked.isNegative()) {
            return null;
        }
        return asked.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : asked;
    }

    private static @Nullable Duration parse(String header, Instant now) {
        if (SECONDS.matcher(header).matches()) {
            return Duration.ofSeconds(Long.parseLong(header));
        }
        try {
            return Duration.between(now, ZonedDateTime.parse(header, DateTimeFormatter.RFC_1123_DATE_TIME));
        } catch (DateTimeException e) {
            return null;
        }
    }
}
