package dev.millrace.shared;

import java.util.function.Consumer;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** The routes of one feature, all of which answer in JSON: a handler that ends without an answer has failed. */
public record RouteTable(RouterFunction<ServerResponse> routes) {

    /** Builds a table from its rows: path, method, handler. */
    public static RouteTable of(Consumer<RouterFunctions.Builder> rows) {
        RouterFunctions.Builder builder = RouterFunctions.route();
        rows.accept(builder);
        builder.filter(RouteTable::requireAnswer);
        return new RouteTable(
                RouterFunctions.nest(RequestPredicates.accept(MediaType.APPLICATION_JSON), builder.build()));
    }

    /** The framework would make a 200 without a body of it. */
    private static Mono<ServerResponse> requireAnswer(ServerRequest request, HandlerFunction<ServerResponse> handler) {
        return handler.handle(request)
                .switchIfEmpty(Mono.error(() -> new IllegalStateException("The handler has no answer")));
    }
}
