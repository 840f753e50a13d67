package dev.millrace.shared;

import org.junit.jupiter.api.Test;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A route answers, or it fails. */
class RouteTableTests {

    private static final RouteTable TABLE = RouteTable.of(
            routes -> routes.GET("/answer", request -> ServerResponse.ok().bodyValue(1))
                    .GET("/nothing", request -> Mono.empty()));

    @Test
    void passesAnAnswerOn() {
        StepVerifier.create(get("/answer").map(ServerResponse::statusCode))
                .expectNextMatches(status -> status.value() == 200)
                .verifyComplete();
    }

    @Test
    void takesNoAnswerForAFailure() {
        StepVerifier.create(get("/nothing")).verifyError(IllegalStateException.class);
    }

    private static Mono<ServerResponse> get(String path) {
        ServerRequest request = ServerRequest.create(
                MockServerWebExchange.from(MockServerHttpRequest.get(path)),
                HandlerStrategies.withDefaults().messageReaders());
        return TABLE.routes().route(request).flatMap(handler -> handler.handle(request));
    }
}
