package dev.millrace.harness;

import dev.millrace.shared.ProblemHandler;
import dev.millrace.shared.RouteTable;
import org.springframework.http.MediaType;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.test.web.reactive.server.WebTestClient.ResponseSpec;
import org.springframework.web.reactive.function.server.HandlerStrategies;

/** A client bound to one feature's routes, without a server in between. */
public final class Bound {

    private final WebTestClient client;

    private Bound(WebTestClient client) {
        this.client = client;
    }

    public static Bound to(RouteTable table, ProblemHandler problems) {
        return new Bound(WebTestClient.bindToRouterFunction(table.routes())
                .handlerStrategies(
                        HandlerStrategies.builder().exceptionHandler(problems).build())
                .build());
    }

    public ResponseSpec get(String path, Object... variables) {
        return client.get().uri(path, variables).exchange();
    }

    public ResponseSpec post(String body, String path, Object... variables) {
        return client.post()
                .uri(path, variables)
                .contentType(MediaType.APPLICATION_JSON)
                .bodyValue(body)
                .exchange();
    }

    /** Asserts that the answer is the problem of that status and code. */
    public static WebTestClient.BodyContentSpec problem(ResponseSpec answer, int status, String code) {
        answer.expectStatus().isEqualTo(status);
        answer.expectHeader().contentType(MediaType.APPLICATION_PROBLEM_JSON);
        return answer.expectBody()
                .jsonPath("$.code")
                .isEqualTo(code)
                .jsonPath("$.status")
                .isEqualTo(status);
    }

    /** Asserts that the answer is JSON of that status. */
    public static WebTestClient.BodyContentSpec json(ResponseSpec answer, int status) {
        answer.expectStatus().isEqualTo(status);
        answer.expectHeader().contentType(MediaType.APPLICATION_JSON);
        return answer.expectBody();
    }
}
