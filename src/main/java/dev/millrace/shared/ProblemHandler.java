package dev.millrace.shared;

import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.springframework.boot.webflux.error.ErrorWebExceptionHandler;
import org.springframework.core.annotation.Order;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.stereotype.Component;
import org.springframework.web.ErrorResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.util.DisconnectedClientHelper;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns every error that no handler answered, the framework's own included, into a {@link Problem}.
 *
 * <p>A client that has hung up is answered like any other. What looks like its connection may have been one to the database,
 * and a client that waits would take no answer for an empty success.
 */
@Slf4j
@Component
@Order(-2)
@RequiredArgsConstructor
public class ProblemHandler implements ErrorWebExceptionHandler {

    private final JsonMapper json;

    @Override
    public Mono<Void> handle(ServerWebExchange exchange, Throwable error) {
        ServerHttpResponse response = exchange.getResponse();
        if (response.isCommitted()) {
            return Mono.error(error);
        }
        if (error instanceof ErrorResponse known) {
            response.getHeaders().putAll(known.getHeaders());
        }
        return write(describe(exchange, error), response);
    }

    /** Answers a request that nobody has looked at yet. */
    Mono<Void> refuse(ServerHttpRequest request, ServerHttpResponse response, Refusal refusal) {
        Trace trace = Trace.continuing(request.getHeaders().getFirst(Trace.HEADER));
        return write(Problem.of(refusal, request.getPath().value(), trace.traceId()), response);
    }

    private Mono<Void> write(Problem problem, ServerHttpResponse response) {
        response.setStatusCode(HttpStatusCode.valueOf(problem.status()));
        response.getHeaders().setContentType(MediaType.APPLICATION_PROBLEM_JSON);
        if (problem.passes()) {
            response.getHeaders().set(HttpHeaders.RETRY_AFTER, Problem.RETRY_AFTER_SECONDS);
        }
        DataBuffer body = response.bufferFactory().wrap(json.writeValueAsBytes(problem));
        return response.writeWith(Mono.just(body));
    }

    /** Describes the error for the client, and logs what is not for the client to see. */
    public Problem describe(ServerWebExchange exchange, Throwable error) {
        String path = exchange.getRequest().getPath().value();
        Trace trace = exchange.getAttributeOrDefault(Trace.class.getName(), Trace.continuing(null));
        Problem problem = Problem.of(error, path, trace.traceId());
        if (problem.meansOurFault()) {
            logFailure(exchange.getRequest(), trace, error);
        }
        return problem;
    }

    private static void logFailure(ServerHttpRequest request, Trace trace, Throwable error) {
        if (DisconnectedClientHelper.isClientDisconnectedException(error)) {
            log.info(
                    "{} {} broke off [{}]: {}",
                    request.getMethod(),
                    request.getPath(),
                    trace.traceId(),
                    error.toString());
        } else {
            log.error("{} {} failed [{}]", request.getMethod(), request.getPath(), trace.traceId(), error);
        }
    }
}
