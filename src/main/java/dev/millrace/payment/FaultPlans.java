package dev.millrace.payment;

import dev.millrace.shared.FaultPlan;
import lombok.extern.slf4j.Slf4j;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** Takes the {@link FaultPlan} that a payment's client sends along, where that is allowed; elsewhere the header means nothing. */
@Slf4j
@Component
class FaultPlans {

    private static final String HEADER = "X-Fault";
    private static final int EXIT_CODE_OF_A_KILL = 137;

    private final boolean enabled;

    FaultPlans(@Value("${millrace.faults.enabled}") boolean enabled) {
        this.enabled = enabled;
    }

    /** Answers as the payment does, with the plan laid out for all that follows from it. */
    Mono<ServerResponse> follow(ServerRequest request, Mono<ServerResponse> payment) {
        if (!enabled || request.headers().header(HEADER).isEmpty()) {
            return payment;
        }
        return Mono.fromSupplier(
                        () -> FaultPlan.sent(String.join(",", request.headers().header(HEADER))))
                .flatMap(plan ->
                        payment.doOnNext(answer -> crashAsPlanned(plan, answer)).contextWrite(plan::addTo));
    }

    /** The payment has committed; a repeated answer has not. */
    private static void crashAsPlanned(FaultPlan plan, ServerResponse answer) {
        if (plan.faultAt("crash").isPresent() && answer.statusCode().is2xxSuccessful() && !isReplay(answer)) {
            log.error("Halting right after the commit, as planned");
            Runtime.getRuntime().halt(EXIT_CODE_OF_A_KILL);
        }
    }

    private static boolean isReplay(ServerResponse answer) {
        return answer.headers().containsHeader("Idempotent-Replayed");
    }
}
