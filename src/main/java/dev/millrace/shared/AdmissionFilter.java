package dev.millrace.shared;

import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Bounds how much is under way, so that overload is answered at once instead of queued: beyond the bound a request gets 503
 * {@code overloaded} and nothing is begun.
 *
 * <p>Work whose client hung up still counts, through {@link InFlight}.
 */
@Component
@Order(0)
class AdmissionFilter implements WebFilter {

    private final AtomicInteger requests = new AtomicInteger();
    private final InFlight inFlight;
    private final int limit;

    AdmissionFilter(InFlight inFlight, @Value("${millrace.admission.max-in-flight}") int limit) {
        this.inFlight = inFlight;
        this.limit = limit;
    }

    @Override
    public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
        if (isExempt(exchange)) {
            return chain.filter(exchange);
        }
        return Mono.defer(() -> {
            boolean admitted = requests.incrementAndGet() <= limit && inFlight.count() < limit;
            Mono<Void> answer = admitted ? chain.filter(exchange) : Mono.error(new Overloaded());
            return answer.doFinally(signal -> requests.decrementAndGet());
        });
    }

    /** Whoever watches the service must be able to see an overload. */
    private static boolean isExempt(ServerWebExchange exchange) {
        return exchange.getRequest().getPath().value().startsWith("/actuator");
    }
}
