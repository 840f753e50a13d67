package dev.millrace.harness;

import java.util.UUID;
import org.springframework.http.HttpHeaders;
import tools.jackson.databind.JsonNode;

/** What the service answered, its body as JSON. */
public record Reply(int status, HttpHeaders headers, JsonNode body) {

    public String text(String field) {
        return body.path(field).asString();
    }

    public long number(String field) {
        return body.path(field).asLong();
    }

    /** What was made; an answer without one is shown as it is. */
    public UUID id() {
        if (!body.path("id").isString()) {
            throw new AssertionError("No id in " + status + " " + body);
        }
        return UUID.fromString(text("id"));
    }

    public String code() {
        return text("code");
    }

    public boolean isReplayed() {
        return "true".equals(headers.getFirst("Idempotent-Replayed"));
    }
}
