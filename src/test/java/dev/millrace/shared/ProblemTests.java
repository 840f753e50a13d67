package dev.millrace.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.web.server.MethodNotAllowedException;
import org.springframework.web.server.NotAcceptableStatusException;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.UnsupportedMediaTypeStatusException;
import tools.jackson.databind.json.JsonMapper;

/** Every error becomes a problem of the contract, and none tells what is not for clients. */
class ProblemTests {

    static Stream<Arguments> errors() {
        return Stream.of(
                Arguments.of(MoneyOutOfRange.of(-1), 400, "validation-failed"),
                Arguments.of(InvalidRequest.invalidCursor(), 400, "invalid-cursor"),
                Arguments.of(NotFound.of("order", 7), 404, "order-not-found"),
                Arguments.of(new Overloaded(), 503, "overloaded"),
                Arguments.of(new DataBufferLimitException("65537"), 413, "payload-too-large"),
                Arguments.of(new CannotCreateTransactionException("pool"), 503, "overloaded"),
                Arguments.of(new QueryTimeoutException("sql"), 503, "overloaded"),
                Arguments.of(new CannotAcquireLockException("row"), 503, "overloaded"),
                Arguments.of(new ResponseStatusException(HttpStatus.NOT_FOUND), 404, "not-found"),
                Arguments.of(new NotAcceptableStatusException(List.of()), 406, "not-acceptable"),
                Arguments.of(new UnsupportedMediaTypeStatusException("no type"), 415, "unsupported-media-type"),
                Arguments.of(new MethodNotAllowedException(HttpMethod.PUT, List.of()), 405, "method-not-allowed"),
                Arguments.of(new ResponseStatusException(HttpStatus.EXPECTATION_FAILED), 400, "validation-failed"),
                Arguments.of(new ResponseStatusException(HttpStatus.BAD_GATEWAY), 500, "internal"),
                Arguments.of(new DuplicateKeyException("SELECT secret"), 500, "internal"),
                Arguments.of(new NullPointerException("dev.millrace.Secret"), 500, "internal"));
    }

    @ParameterizedTest
    @MethodSource("errors")
    void describesTheErrorInTheContractsWords(Throwable error, int status, String code) {
        Problem problem = Problem.of(error, "/orders", "4bf92f");

        assertThat(problem.status()).isEqualTo(status);
        assertThat(problem.code()).isEqualTo(code);
        assertThat(problem.type()).hasToString("urn:millrace:problem:" + code);
        assertThat(problem.instance()).isEqualTo("/orders");
        assertThat(problem.traceId()).isEqualTo("4bf92f");
        assertThat(problem.detail()).doesNotContain("Exception", "millrace", "SELECT", "secret");
    }

    @Test
    void putsTheFiguresBesideTheOtherFields() {
        Problem problem = Problem.of(InvalidRequest.at("limit", "is required"), "/orders", "4bf92f");

        var json = JsonMapper.shared().readTree(JsonMapper.shared().writeValueAsBytes(problem));

        assertThat(json.at("/errors/0/pointer").asString()).isEqualTo("#/limit");
        assertThat(json.at("/errors/0/message").asString()).isEqualTo("is required");
        assertThat(json.has("figures")).isFalse();
    }

    @Test
    void tellsWhatMayPass() {
        assertThat(Problem.of(new Overloaded(), "/", "1").passes()).isTrue();
        assertThat(Problem.of(NotFound.of("order", 7), "/", "1").passes()).isFalse();
    }
}
