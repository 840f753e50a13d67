package dev.millrace.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;
import tools.jackson.databind.json.JsonMapper;

/** Beyond its bound the service says so and begins nothing, and takes requests again as soon as there is room. */
class AdmissionTests {

    private static final Duration PAUSE = Duration.ofMillis(20);

    private final InFlight inFlight = new InFlight(Duration.ZERO);
    private final Admission admission = new Admission(
            inFlight, new ProblemHandler(new JsonMapper()), new SimpleMeterRegistry(), 1, PAUSE, Duration.ofSeconds(5));
    private final AtomicInteger begun = new AtomicInteger();
    private final Sinks.Empty<Void> work = Sinks.empty();

    @AfterEach
    void realTime() {
        VirtualTimeScheduler.reset();
    }

    @Test
    void refusesWhatGoesBeyondTheBound() {
        request("/payments").subscribe();

        assertThatItIsRefused("/payments");

        assertThat(begun).hasValue(1);
    }

    /** Who tries again at once tries again no sooner. */
    @Test
    void takesItsTimeToRefuse() {
        VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
        MockServerHttpResponse response = new MockServerHttpResponse();
        request("/payments").subscribe();

        request("/payments", response).subscribe();
        time.advanceTimeBy(PAUSE.minusMillis(1));
        assertThat(response.getStatusCode()).isNull();
        time.advanceTimeBy(Duration.ofMillis(1));

        assertThat(response.getStatusCode()).isEqualTo(HttpStatus.SERVICE_UNAVAILABLE);
    }

    @Test
    void keepsFewWaitingForTheirRefusal() {
        VirtualTimeScheduler.getOrSet();
        request("/payments").subscribe();
        List<Disposable> waiting =
                Stream.generate(() -> request("/payments").subscribe()).limit(4).toList();

        request("/payments").as(StepVerifier::create).verifyComplete();
        waiting.get(0).dispose();
        MockServerHttpResponse response = new MockServerHttpResponse();
        request("/payments", response).subscribe();
        assertThat(response.getStatusCode()).isNull();
    }

    @Test
    void tellsThoseWhoWaitForTheirRefusalThatItStops() {
        VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
        request("/payments").subscribe();
        MockServerHttpResponse response = new MockServerHttpResponse();
        request("/payments", response).subscribe();

        admission.stop(() -> {});
        time.advanceTimeBy(PAUSE);

        assertThat(response.getHeaders().getFirst(HttpHeaders.CONNECTION)).isEqualTo("close");
    }

    @Test
    void takesTheNextOneWhenThereIsRoomAgain() {
        Disposable first = request("/payments").subscribe();
        first.dispose();

        request("/payments").subscribe();

        assertThat(begun).hasValue(2);
    }

    @Test
    void countsWorkWhoseClientHungUp() {
        Disposable client = inFlight.shield(work.asMono()).subscribe();
        client.dispose();

        assertThatItIsRefused("/payments");
        work.tryEmitEmpty();

        request("/payments").subscribe();
        assertThat(begun).hasValue(1);
    }

    @Test
    void letsWhoeverWatchesTheServiceIn() {
        request("/payments").subscribe();

        request("/actuator/health").subscribe();

        assertThat(begun).hasValue(2);
    }

    @Test
    void answersWhatItHasBegunBeforeItStopsAndBeginsNothingMore() {
        AtomicInteger stopped = new AtomicInteger();
        request("/payments").subscribe();

        admission.stop(stopped::incrementAndGet);

        assertThatItIsRefused("/orders");
        assertThat(begun).hasValue(1);
        assertThat(stopped).hasValue(0);
        work.tryEmitEmpty();
        await().untilAsserted(() -> assertThat(stopped).hasValue(1));
    }

    private Mono<Void> request(String path) {
        return request(path, new MockServerHttpResponse());
    }

    private Mono<Void> request(String path, MockServerHttpResponse response) {
        return admission
                .apply((request, answer) -> {
                    begun.incrementAndGet();
                    return work.asMono();
                })
                .handle(MockServerHttpRequest.get(path).build(), response);
    }

    private void assertThatItIsRefused(String path) {
        MockServerHttpResponse response = new MockServerHttpResponse();
        request(path, response).as(StepVerifier::create).verifyComplete();
        assertThat(response.getStatusCode()).isEqualTo(HttpStatus.SERVICE_UNAVAILABLE);
        assertThat(response.getHeaders().getFirst(HttpHeaders.RETRY_AFTER)).isEqualTo("1");
        assertThat(response.getBodyAsString().block()).contains("\"code\":\"overloaded\"", path);
    }
}
