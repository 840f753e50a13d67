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

/** The routes of one feature, all of which answer in JSON. */
public record RouteTable(RouterFunction<ServerResponse> routes) implements RouterFunction<ServerResponse> {

    /** Builds a table from its rows: path, method, handler. */
    public static RouteTable of(Consumer<RouterFunctions.Builder> rows) {
        RouterFunctions.Builder builder = RouterFunctions.route();
        rows.accept(builder);
        return new RouteTable(
                RouterFunctions.nest(RequestPredicates.accept(MediaType.APPLICATION_JSON), builder.build()));
    }

    @Override
    public Mono<HandlerFunction<ServerResponse>> route(ServerRequest request) {
        return routes.route(request);
    }

    @Override
    public void accept(RouterFunctions.Visitor visitor) {
        routes.accept(visitor);
    }
}
