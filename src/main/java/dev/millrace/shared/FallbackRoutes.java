package dev.millrace.shared;

import java.util.List;
import java.util.Set;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.MethodNotAllowedException;
import org.springframework.web.server.NotAcceptableStatusException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Answers 405 and 406 where functional routes alone would say 404: it asks the route tables whether they would have taken
 * the request with another method, or with another {@code Accept}.
 */
@Configuration(proxyBeanMethods = false)
class FallbackRoutes {

    private static final List<HttpMethod> METHODS = List.of(HttpMethod.GET, HttpMethod.POST);

    @Bean
    @Order(Ordered.LOWEST_PRECEDENCE)
    RouterFunction<ServerResponse> fallback(ObjectProvider<RouteTable> tables) {
        List<RouteTable> all = tables.stream().toList();
        return request -> explain(request, all);
    }

    private static Mono<HandlerFunction<ServerResponse>> explain(ServerRequest request, List<RouteTable> tables) {
        return Flux.fromIterable(METHODS)
                .filterWhen(method -> isTaken(acceptingAnything(request, method), tables))
                .collectList()
                .filter(methods -> !methods.isEmpty())
                .map(methods -> refuse(request.method(), methods));
    }

    private static Mono<Boolean> isTaken(ServerRequest request, List<RouteTable> tables) {
        return Flux.fromIterable(tables)
                .concatMap(table -> table.routes().route(request))
                .hasElements();
    }

    private static ServerRequest acceptingAnything(ServerRequest request, HttpMethod method) {
        return ServerRequest.from(request)
                .method(method)
                .headers(headers -> headers.setAccept(List.of(MediaType.ALL)))
                .build();
    }

    private static HandlerFunction<ServerResponse> refuse(HttpMethod method, List<HttpMethod> known) {
        return request -> Mono.error(
                known.contains(method)
                        ? new NotAcceptableStatusException(List.of(MediaType.APPLICATION_JSON))
                        : new MethodNotAllowedException(method, Set.copyOf(known)));
    }
}
