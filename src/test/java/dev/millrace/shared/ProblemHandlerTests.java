package dev.millrace.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.transaction.CannotCreateTransactionException;
import reactor.netty.channel.AbortedException;
import reactor.test.StepVerifier;
import tools.jackson.databind.json.JsonMapper;

/** No error ends without an answer. */
class ProblemHandlerTests {

    private final ProblemHandler problems = new ProblemHandler(JsonMapper.shared());
    private final MockServerWebExchange exchange = MockServerWebExchange.from(MockServerHttpRequest.post("/orders"));

    /** Each of them is said of the client's connection too. */
    static Stream<Arguments> brokenConnections() {
        return Stream.of(
                Arguments.of(new IOException("Connection reset by peer"), HttpStatus.INTERNAL_SERVER_ERROR),
                Arguments.of(AbortedException.beforeSend(), HttpStatus.INTERNAL_SERVER_ERROR),
                Arguments.of(ofTheDatabase(new IOException("Broken pipe")), HttpStatus.SERVICE_UNAVAILABLE),
                Arguments.of(ofTheDatabase(AbortedException.beforeSend()), HttpStatus.SERVICE_UNAVAILABLE));
    }

    @ParameterizedTest
    @MethodSource("brokenConnections")
    void answersWhateverConnectionIsBroken(Throwable error, HttpStatus status) {
        StepVerifier.create(problems.handle(exchange, error)).verifyComplete();

        assertThat(exchange.getResponse().getStatusCode()).isEqualTo(status);
        assertThat(exchange.getResponse().getHeaders().getContentType()).isEqualTo(MediaType.APPLICATION_PROBLEM_JSON);
        assertThat(exchange.getResponse().getBodyAsString().block()).contains("\"status\":" + status.value());
    }

    @Test
    void leavesAnAnswerAloneThatHasBegun() {
        IOException error = new IOException("Broken pipe");
        exchange.getResponse().setComplete().block();

        StepVerifier.create(problems.handle(exchange, error)).verifyErrorMatches(error::equals);
    }

    private static Throwable ofTheDatabase(Exception cause) {
        return new CannotCreateTransactionException("Could not open R2DBC Connection for transaction", cause);
    }
}
