package dev.millrace.event;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.millrace.event.DeliveryAdminService.Story;
import dev.millrace.shared.InvalidRequest;
import dev.millrace.shared.Page;
import dev.millrace.shared.Requests;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

@Component
@RequiredArgsConstructor
class DeliveryHandler {

    private static final String NAME = "\\p{Graph}{1,64}";
    private static final String TEXT = "[^\\x00\\p{Cs}]*";
    private static final String NO_REASON = "no reason given";

    private final DeliveryAdminService deliveries;
    private final Requests requests;
    private final JsonMapper json;

    record Reason(
            @NotBlank @Size(max = 500) @Pattern(regexp = TEXT, message = "must be text")
            String reason) {}

    record Redrive(
            @Pattern(regexp = NAME, message = "must be a name") @Nullable
            String handler,

            @Pattern(regexp = NAME, message = "must be a name") @Nullable
            String eventType,

            @Size(min = 1, max = 1000) @Pattern(regexp = TEXT, message = "must be text") @Nullable
            String error,

            @Size(min = 1, max = 500) @Pattern(regexp = TEXT, message = "must be text") @Nullable
            String reason,

            @Nullable Boolean dryRun) {

        DeliveryFilter toFilter() {
            return DeliveryFilter.dead(handler, eventType, error);
        }

        String reasonOrNone() {
            return reason == null ? NO_REASON : reason;
        }
    }

    record StoryResponse(@JsonUnwrapped OwedDelivery delivery, List<PastAttempt> failedAttempts, Object payload) {}

    record GroupsResponse(List<DeliveryGroup> data) {}

    record Matched(long matched) {}

    Mono<ServerResponse> list(ServerRequest request) {
        return Mono.defer(() -> page(filter(request), request))
                .flatMap(page -> ServerResponse.ok().bodyValue(page));
    }

    Mono<ServerResponse> group(ServerRequest request) {
        return Mono.defer(() -> deliveries.group(filter(request)))
                .flatMap(groups -> ServerResponse.ok().bodyValue(new GroupsResponse(groups)));
    }

    Mono<ServerResponse> get(ServerRequest request) {
        return Mono.defer(() -> deliveries.getStory(requests.uuid(request, "id")))
                .flatMap(story -> ServerResponse.ok().bodyValue(toResponse(story)));
    }

    Mono<ServerResponse> redrive(ServerRequest request) {
        return requests.body(request, Reason.class)
                .flatMap(body -> deliveries.redrive(requests.uuid(request, "id"), body.reason()))
                .flatMap(delivery -> ServerResponse.accepted().bodyValue(delivery));
    }

    Mono<ServerResponse> discard(ServerRequest request) {
        return requests.body(request, Reason.class)
                .flatMap(body -> deliveries.discard(requests.uuid(request, "id"), body.reason()))
                .flatMap(delivery -> ServerResponse.ok().bodyValue(delivery));
    }

    Mono<ServerResponse> redriveAll(ServerRequest request) {
        return requests.body(request, Redrive.class)
                .flatMap(body -> Boolean.TRUE.equals(body.dryRun())
                        ? respond(HttpStatus.OK, deliveries.count(body.toFilter()))
                        : respond(HttpStatus.ACCEPTED, deliveries.redriveAll(body.toFilter(), body.reasonOrNone())));
    }

    private Mono<Page<OwedDelivery>> page(DeliveryFilter filter, ServerRequest request) {
        return deliveries.list(filter, requests.page(request, filters(filter)));
    }

    private static String filters(DeliveryFilter filter) {
        return "deliveries " + filter.status() + " " + filter.handler();
    }

    private static Mono<ServerResponse> respond(HttpStatus status, Mono<Long> matched) {
        return matched.flatMap(count -> ServerResponse.status(status).bodyValue(new Matched(count)));
    }

    private static DeliveryFilter filter(ServerRequest request) {
        return DeliveryFilter.of(
                request.queryParam("status").map(DeliveryHandler::requireStatus),
                request.queryParam("handler").map(DeliveryHandler::requireName));
    }

    private static DeliveryStatus requireStatus(String text) {
        return Arrays.stream(DeliveryStatus.values())
                .filter(status -> status.name().equals(text))
                .findFirst()
                .orElseThrow(() ->
                        InvalidRequest.at("status", "must be one of " + Arrays.toString(DeliveryStatus.values())));
    }

    private static String requireName(String text) {
        return Optional.of(text)
                .filter(name -> name.matches(NAME))
                .orElseThrow(() -> InvalidRequest.at("handler", "must be a name"));
    }

    private StoryResponse toResponse(Story story) {
        return new StoryResponse(story.delivery(), story.history(), toJson(story.payload()));
    }

    /** The payload as it was meant; what is not JSON is shown as the text it is. */
    private Object toJson(String payload) {
        try {
            return json.readTree(payload);
        } catch (JacksonException e) {
            return payload;
        }
    }
}
