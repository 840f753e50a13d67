package dev.millrace.shared;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ClassPathResource;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.BodyInserters;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** Serves the description of the HTTP interface. */
@Configuration(proxyBeanMethods = false)
class OpenApiRoutes {

    private static final ClassPathResource DOCUMENT = new ClassPathResource("static/openapi.yaml");

    @Bean
    RouterFunction<ServerResponse> openApi() {
        return RouterFunctions.route()
                .GET("/openapi.yaml", OpenApiRoutes::document)
                .build();
    }

    private static Mono<ServerResponse> document(ServerRequest request) {
        return ServerResponse.ok()
                .contentType(MediaType.parseMediaType("application/yaml"))
                .body(BodyInserters.fromResource(DOCUMENT));
    }
}
