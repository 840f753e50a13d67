package dev.millrace.shared;

import java.util.List;
import java.util.Set;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
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
 * All route tables as one, which costs a request less than to ask one table after the other as many functions. It answers 405 and
 * 406 where functional routes alone would say 404: it asks the tables whether they would have taken the request with another
 * method, or with another {@code Accept}.
 */
@Configuration(proxyBeanMethods = false)
class Routes {

    private static final List<HttpMethod> METHODS = List.of(HttpMethod.GET, HttpMethod.POST);

    @Bean
    RouterFunction<ServerResponse> allTables(ObjectProvider<RouteTable> tables) {
        List<RouteTable> all = tables.orderedStream().toList();
        return request -> find(request, all).switchIfEmpty(Mono.defer(() -> explain(request, all)));
    }

    private static Mono<HandlerFunction<ServerResponse>> find(ServerRequest request, List<RouteTable> tables) {
        return Flux.fromIterable(tables)
                .concatMap(table -> table.routes().route(request), 0)
                .next();
    }

    private static Mono<HandlerFunction<ServerResponse>> explain(ServerRequest request, List<RouteTable> tables) {
        return Flux.fromIterable(METHODS)
                .filterWhen(method -> isTaken(acceptingAnything(request, method), tables))
                .collectList()
                .filter(methods -> !methods.isEmpty())
                .map(methods -> refuse(request.method(), methods));
    }

    private static Mono<Boolean> isTaken(ServerRequest request, List<RouteTable> tables) {
        return find(request, tables).hasElement();
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
