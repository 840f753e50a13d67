package dev.millrace.invariant;

import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

@Component
@RequiredArgsConstructor
class InvariantHandler {

    private final InvariantService invariants;

    Mono<ServerResponse> check(ServerRequest request) {
        return invariants.checkAll().flatMap(report -> ServerResponse.ok().bodyValue(report));
    }
}
