package dev.millrace.process;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The service as its clients see it, over real connections. */
final class Api {

    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();
    private final URI address;

    Api(URI address) {
        this.address = address;
    }

    /** An answer; {@code replayed} if the service says that it is the answer of an earlier request. */
    record Reply(int status, String body, boolean replayed) {

        JsonNode json() {
            return JSON.readTree(body);
        }

        boolean isSuccess() {
            return status / 100 == 2;
        }
    }

    Reply get(String path) throws IOException {
        return send(HttpRequest.newBuilder(address.resolve(path)));
    }

    Reply post(String path, String body) throws IOException {
        return send(toPost(path, body));
    }

    Reply post(String path, String body, String idempotencyKey) throws IOException {
        return send(toPost(path, body).header("Idempotency-Key", idempotencyKey));
    }

    /** With a plan of how later steps of the order shall fail. */
    Reply post(String path, String body, String idempotencyKey, String faults) throws IOException {
        return send(toPost(path, body).header("Idempotency-Key", idempotencyKey).header("X-Fault", faults));
    }

    private HttpRequest.Builder toPost(String path, String body) {
        return HttpRequest.newBuilder(address.resolve(path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body));
    }

    private Reply send(HttpRequest.Builder request) throws IOException {
        try {
            HttpResponse<String> response = http.send(request.timeout(PATIENCE).build(), BodyHandlers.ofString());
            boolean replayed =
                    response.headers().firstValue("Idempotent-Replayed").isPresent();
            return new Reply(response.statusCode(), response.body(), replayed);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
