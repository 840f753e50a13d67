package dev.millrace.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Beyond its bound the service says so at once and begins nothing, and takes requests again as soon as there is room. */
class AdmissionFilterTests {

    private final InFlight inFlight = new InFlight(Duration.ZERO);
    private final AdmissionFilter filter = new AdmissionFilter(inFlight, 1);
    private final AtomicInteger begun = new AtomicInteger();
    private final Sinks.Empty<Void> work = Sinks.empty();

    @Test
    void refusesWhatGoesBeyondTheBound() {
        request("/payments").subscribe();

        request("/payments").as(StepVerifier::create).verifyError(Overloaded.class);

        assertThat(begun).hasValue(1);
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

        request("/payments").as(StepVerifier::create).verifyError(Overloaded.class);
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

    private Mono<Void> request(String path) {
        var exchange = MockServerWebExchange.from(MockServerHttpRequest.get(path));
        return filter.filter(exchange, admitted -> {
            begun.incrementAndGet();
            return work.asMono();
        });
    }
}
