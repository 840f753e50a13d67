package dev.millrace.shared;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.web.ErrorResponse;

/**
 * What a client is told when something is not done (RFC 9457).
 *
 * <p>It never carries a class name, SQL or a stack trace: whatever is not known to be meant for clients becomes
 * {@code internal} with a trace id to look for in the log.
 */
public record Problem(
        URI type,
        String title,
        int status,
        String detail,
        String instance,
        String code,
        String traceId,
        @JsonAnyGetter Map<String, Object> figures) {

    /** How long a client is asked to wait before it tries again, in seconds. */
    static final String RETRY_AFTER_SECONDS = "1";

    /** Describes the error to the client of the request at the path. */
    public static Problem of(Throwable error, String path, String traceId) {
        if (error instanceof Refusal refusal) {
            return of(statusOf(refusal.kind()), refusal.code(), refusal.detail(), path, traceId, refusal.figures());
        }
        if (error instanceof DataBufferLimitException) {
            return of(HttpStatus.CONTENT_TOO_LARGE, "payload-too-large", "The body is too large.", path, traceId);
        }
        if (isOverload(error)) {
            return of(new Overloaded(), path, traceId);
        }
        if (error instanceof InvalidMediaTypeException) {
            return ofFramework(HttpStatus.NOT_ACCEPTABLE, path, traceId);
        }
        if (error instanceof ErrorResponse response) {
            return ofFramework(response.getStatusCode(), path, traceId);
        }
        return of(HttpStatus.INTERNAL_SERVER_ERROR, "internal", "Something went wrong here.", path, traceId);
    }

    /** Whether the same request may succeed a moment later. */
    public boolean passes() {
        return status == HttpStatus.SERVICE_UNAVAILABLE.value() || code.equals("idempotency-in-flight");
    }

    /** Whether the answer says that the service, not the client, is at fault. */
    boolean meansOurFault() {
        return code.equals("internal");
    }

    private static Problem ofFramework(HttpStatusCode status, String path, String traceId) {
        HttpStatus known =
                Optional.ofNullable(HttpStatus.resolve(status.value())).orElse(HttpStatus.BAD_REQUEST);
        return switch (known) {
            case NOT_FOUND -> of(known, "not-found", "There is nothing at this path.", path, traceId);
            case METHOD_NOT_ALLOWED ->
                of(known, "method-not-allowed", "This path does not know the method.", path, traceId);
            case NOT_ACCEPTABLE -> of(known, "not-acceptable", "Answers are application/json.", path, traceId);
            case UNSUPPORTED_MEDIA_TYPE ->
                of(known, "unsupported-media-type", "A body must be application/json.", path, traceId);
            case CONTENT_TOO_LARGE -> of(known, "payload-too-large", "The body is too large.", path, traceId);
            case BAD_REQUEST -> of(known, "validation-failed", "The request cannot be understood.", path, traceId);
            default ->
                known.is4xxClientError()
                        ? of(HttpStatus.BAD_REQUEST, "validation-failed", "Not understood.", path, traceId)
                        : of(HttpStatus.INTERNAL_SERVER_ERROR, "internal", "Something went wrong here.", path, traceId);
        };
    }

    private static Problem of(HttpStatus status, String code, String detail, String path, String traceId) {
        return of(status, code, detail, path, traceId, Map.of());
    }

    private static Problem of(
            HttpStatus status, String code, String detail, String path, String traceId, Map<String, Object> figures) {
        URI type = URI.create("urn:millrace:problem:" + code);
        return new Problem(type, status.getReasonPhrase(), status.value(), detail, path, code, traceId, figures);
    }

    private static boolean isOverload(Throwable error) {
        return error instanceof CannotCreateTransactionException
                || error instanceof QueryTimeoutException
                || error instanceof TransientDataAccessException
                || error instanceof org.springframework.dao.DataAccessResourceFailureException;
    }

    private static HttpStatus statusOf(Refusal.Kind kind) {
        return switch (kind) {
            case INVALID -> HttpStatus.BAD_REQUEST;
            case UNAFFORDABLE -> HttpStatus.PAYMENT_REQUIRED;
            case UNKNOWN -> HttpStatus.NOT_FOUND;
            case CONFLICT -> HttpStatus.CONFLICT;
            case CONTRADICTION -> HttpStatus.UNPROCESSABLE_CONTENT;
            case BUSY -> HttpStatus.SERVICE_UNAVAILABLE;
        };
    }
}
