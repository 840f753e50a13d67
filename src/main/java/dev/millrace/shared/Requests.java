package dev.millrace.shared;

import dev.millrace.shared.InvalidRequest.Fault;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validator;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.server.UnsupportedMediaTypeStatusException;
import reactor.core.publisher.Mono;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.MutableCoercionConfig;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.type.LogicalType;

/**
 * Reads requests strictly: a body must be exactly the record asked for. Unknown or repeated fields, fractions, numbers in
 * strings and trailing text are refused, so that a typo never becomes a default.
 */
@Component
public class Requests {

    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
    private static final Pattern POSITIVE = Pattern.compile("[1-9][0-9]{0,18}");
    private static final Duration BODY_TIMEOUT = Duration.ofSeconds(10);
    private static final Mono<byte[]> TOO_LATE =
            Mono.error(() -> InvalidRequest.malformedJson("The body did not arrive in time."));
    private static final int MAX_NAME = 64;
    private static final int DEFAULT_LIMIT = 20;
    private static final int MAX_LIMIT = 100;

    private final JsonMapper strict;
    private final Validator validator;

    Requests(Validator validator) {
        this.strict = JsonMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .withCoercionConfig(LogicalType.Textual, Requests::refuseWhatIsNotText)
                .build();
        this.validator = validator;
    }

    /** Reads and validates the body; an {@link InvalidRequest} says what is wrong with it, and where. */
    public <T> Mono<T> body(ServerRequest request, Class<T> type) {
        return requireJson(request)
                .flatMap(json -> json.bodyToMono(byte[].class))
                .timeout(BODY_TIMEOUT, TOO_LATE)
                .defaultIfEmpty(new byte[0])
                .map(bytes -> parse(bytes, type))
                .map(this::requireValid);
    }

    public long positiveId(ServerRequest request, String name) {
        return requirePositive(request.pathVariable(name), name);
    }

    public UUID uuid(ServerRequest request, String name) {
        return requireUuid(request.pathVariable(name), name);
    }

    public long requiredPositiveParameter(ServerRequest request, String name) {
        return requirePositive(requireParameter(request, name), name);
    }

    public UUID requiredUuidParameter(ServerRequest request, String name) {
        return requireUuid(requireParameter(request, name), name);
    }

    /** The page that a list request asks for; its cursor is good for these filters only. */
    public PageRequest page(ServerRequest request, String filters) {
        int limit = limit(request, DEFAULT_LIMIT);
        Optional<String> after = request.queryParam("cursor")
                .map(cursor -> Cursor.read(cursor, filters).orElseThrow(InvalidRequest::invalidCursor));
        return new PageRequest(filters, limit, after);
    }

    public int limit(ServerRequest request, int defaultLimit) {
        return request.queryParam("limit").map(text -> requireLimit(text)).orElse(defaultLimit);
    }

    private Mono<ServerRequest> requireJson(ServerRequest request) {
        return Mono.defer(() -> {
                    Optional<MediaType> type = request.headers().contentType();
                    boolean readable = type.filter(MediaType.APPLICATION_JSON::isCompatibleWith)
                            .isPresent();
                    return readable
                            ? Mono.just(request)
                            : Mono.error(new UnsupportedMediaTypeStatusException(
                                    type.orElse(null), List.of(MediaType.APPLICATION_JSON)));
                })
                .onErrorMap(
                        InvalidMediaTypeException.class,
                        e -> new UnsupportedMediaTypeStatusException("not a media type"));
    }

    private static void refuseWhatIsNotText(MutableCoercionConfig text) {
        text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
    }

    private <T> T parse(byte[] bytes, Class<T> type) {
        try {
            T value = strict.readValue(bytes, type);
            if (value == null) {
                throw InvalidRequest.malformedJson("The body must be a JSON object.");
            }
            return value;
        } catch (UnrecognizedPropertyException e) {
            throw InvalidRequest.withFaults(List.of(new Fault(pointerOf(e), "is not a known field")));
        } catch (DatabindException | InputCoercionException e) {
            throw e.getPath().isEmpty()
                    ? InvalidRequest.malformedJson("The body is not the JSON object that is expected here.")
                    : InvalidRequest.withFaults(List.of(new Fault(pointerOf(e), "has a value of the wrong type")));
        } catch (JacksonException e) {
            throw InvalidRequest.malformedJson("The body is not well-formed JSON.");
        }
    }

    private <T> T requireValid(T body) {
        Set<ConstraintViolation<T>> violations = validator.validate(body);
        if (!violations.isEmpty()) {
            throw InvalidRequest.withFaults(violations.stream()
                    .map(violation -> new Fault(pointerOf(violation), violation.getMessage()))
                    .sorted(Comparator.comparing(Fault::pointer))
                    .toList());
        }
        return body;
    }

    private static String pointerOf(JacksonException e) {
        StringBuilder pointer = new StringBuilder("#");
        e.getPath().forEach(step -> pointer.append('/')
                .append(step.getPropertyName() != null ? escape(step.getPropertyName()) : step.getIndex()));
        return pointer.toString();
    }

    /** As RFC 6901 asks for; a client that sends a name as long as a book need not get it back. */
    private static String escape(String name) {
        String escaped = name.replace("~", "~0").replace("/", "~1");
        return escaped.length() <= MAX_NAME ? escaped : escaped.substring(0, MAX_NAME) + "…";
    }

    private static String pointerOf(ConstraintViolation<?> violation) {
        String path = violation.getPropertyPath().toString();
        return "#/"
                + path.replace(".<list element>", "")
                        .replaceAll("\\[(\\d+)]", ".$1")
                        .replace('.', '/');
    }

    private static String requireParameter(ServerRequest request, String name) {
        return request.queryParam(name).orElseThrow(() -> InvalidRequest.at(name, "is required"));
    }

    private static long requirePositive(String text, String name) {
        try {
            if (POSITIVE.matcher(text).matches()) {
                return Long.parseLong(text);
            }
        } catch (NumberFormatException e) {
            // beyond 64 bits: refused below
        }
        throw InvalidRequest.at(name, "must be a positive integer");
    }

    private static UUID requireUuid(String text, String name) {
        if (!UUID_TEXT.matcher(text).matches()) {
            throw InvalidRequest.at(name, "must be a UUID");
        }
        return UUID.fromString(text);
    }

    private static int requireLimit(String text) {
        try {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= MAX_LIMIT) {
                return limit;
            }
        } catch (NumberFormatException e) {
            // refused below, like a number out of range
        }
        throw InvalidRequest.at("limit", "must lie between 1 and " + MAX_LIMIT);
    }
}
