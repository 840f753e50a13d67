package dev.millrace.shared;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import lombok.extern.slf4j.Slf4j;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.web.server.context.WebServerGracefulShutdownLifecycle;
import org.springframework.context.SmartLifecycle;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * Decides which requests are begun. It bounds how much is under way, so that overload does not queue: beyond the bound a request
 * gets 503 {@code overloaded} and nothing is begun.
 *
 * <p>A refusal is written after a pause, during which its connection asks for nothing more. Without that, clients who try again
 * at once would take the time of those who are served. Those that pause are bounded, too; beyond that bound, refusals come at
 * once.
 *
 * <p>It stands before everything else, filters and metrics included: the more is refused, the less each refusal may cost those
 * who are served. {@code millrace.requests.refused} counts them.
 *
 * <p>The first to stop: from then on no request is begun, and those that are get their answers before the web server closes
 * its connections. The web server alone would cut off a request that comes in on a connection just when it looks for idle
 * ones.
 *
 * <p>Work whose client hung up still counts, through {@link InFlight}.
 */
@Slf4j
@Component
class Admission implements HttpHandlerDecoratorFactory, SmartLifecycle {

    /** A refusal that waits holds less than a tenth of what a payment does. */
    private static final int PAUSING = 4;

    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger pausing = new AtomicInteger();
    private final InFlight inFlight;
    private final ProblemHandler problems;
    private final Counter refused;
    private final int limit;
    private final Duration pause;
    private final Duration deadline;
    private volatile boolean open = true;

    Admission(
            InFlight inFlight,
            ProblemHandler problems,
            MeterRegistry metrics,
            @Value("${millrace.admission.max-in-flight}") int limit,
            @Value("${millrace.admission.refusal-pause}") Duration pause,
            @Value("${millrace.shutdown.drain-timeout}") Duration deadline) {
        this.inFlight = inFlight;
        this.problems = problems;
        this.refused = Counter.builder("millrace.requests.refused")
                .description("Requests that came while too much was under way")
                .register(metrics);
        this.limit = limit;
        this.pause = pause;
        this.deadline = deadline;
    }

    @Override
    public HttpHandler apply(HttpHandler handler) {
        return (request, response) -> isExempt(request)
                ? handler.handle(request, response)
                : Mono.defer(() -> enter()
                        ? Mono.defer(() -> handler.handle(request, response))
                                .doFinally(signal -> requests.decrementAndGet())
                        : refuse(request, response));
    }

    @Override
    public void start() {
        open = true;
    }

    @Override
    public void stop(Runnable done) {
        open = false;
        log.info("Stopping: no request is begun any more, {} are being answered", requests.get());
        Drain.await("requests", () -> requests.get() + pausing.get(), deadline, done);
    }

    @Override
    public void stop() {
        stop(() -> {});
    }

    @Override
    public boolean isRunning() {
        return open;
    }

    /** Stopped before the web server begins to. */
    @Override
    public int getPhase() {
        return WebServerGracefulShutdownLifecycle.SMART_LIFECYCLE_PHASE + 512;
    }

    /** Counts first and looks then, so that a stop waits for whoever got in. */
    private boolean enter() {
        boolean admitted = requests.incrementAndGet() <= limit && inFlight.count() < limit && open;
        if (!admitted) {
            requests.decrementAndGet();
        }
        return admitted;
    }

    private Mono<Void> refuse(ServerHttpRequest request, ServerHttpResponse response) {
        refused.increment();
        return open ? pause().then(Mono.defer(() -> answer(request, response))) : answer(request, response);
    }

    private Mono<Void> answer(ServerHttpRequest request, ServerHttpResponse response) {
        if (open) {
            return problems.refuse(request, response, new Overloaded());
        }
        response.getHeaders().set(HttpHeaders.CONNECTION, "close");
        return problems.refuse(request, response, Overloaded.stopping());
    }

    private Mono<Void> pause() {
        if (pausing.incrementAndGet() > PAUSING * limit) {
            pausing.decrementAndGet();
            return Mono.empty();
        }
        return Mono.delay(pause).doFinally(signal -> pausing.decrementAndGet()).then();
    }

    /** Whoever watches the service must be able to see an overload. */
    private static boolean isExempt(ServerHttpRequest request) {
        return request.getPath().value().startsWith("/actuator");
    }
}
