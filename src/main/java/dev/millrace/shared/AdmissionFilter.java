package dev.millrace.shared;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import lombok.extern.slf4j.Slf4j;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.web.server.context.WebServerGracefulShutdownLifecycle;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Decides which requests are begun. It bounds how much is under way, so that overload is answered at once instead of queued: beyond the bound a request gets 503
 * {@code overloaded} and nothing is begun.
 *
 * <p>The first to stop: from then on no request is begun, and those that are get their answers before the web server closes
 * its connections. The web server alone would cut off a request that comes in on a connection just when it looks for idle
 * ones.
 *
 * <p>Work whose client hung up still counts, through {@link InFlight}.
 */
@Slf4j
@Component
@Order(0)
class AdmissionFilter implements WebFilter, SmartLifecycle {

    private final AtomicInteger requests = new AtomicInteger();
    private final InFlight inFlight;
    private final int limit;
    private final Duration deadline;
    private volatile boolean open = true;

    AdmissionFilter(
            InFlight inFlight,
            @Value("${millrace.admission.max-in-flight}") int limit,
            @Value("${millrace.shutdown.drain-timeout}") Duration deadline) {
        this.inFlight = inFlight;
        this.limit = limit;
        this.deadline = deadline;
    }

    @Override
    public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
        if (isExempt(exchange)) {
            return chain.filter(exchange);
        }
        return Mono.defer(() ->
                enter() ? chain.filter(exchange).doFinally(signal -> requests.decrementAndGet()) : refuse(exchange));
    }

    @Override
    public void start() {
        open = true;
    }

    @Override
    public void stop(Runnable done) {
        open = false;
        log.info("Stopping: no request is begun any more, {} are being answered", requests.get());
        Drain.await("requests", requests::get, deadline, done);
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

    private Mono<Void> refuse(ServerWebExchange exchange) {
        if (open) {
            return Mono.error(new Overloaded());
        }
        exchange.getResponse().getHeaders().set(HttpHeaders.CONNECTION, "close");
        return Mono.error(Overloaded.stopping());
    }

    /** Whoever watches the service must be able to see an overload. */
    private static boolean isExempt(ServerWebExchange exchange) {
        return exchange.getRequest().getPath().value().startsWith("/actuator");
    }
}
