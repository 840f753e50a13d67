package dev.millrace.export;

import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Service;
import reactor.core.publisher.Mono;

/** Sends confirmed orders to the external platform; may fail without touching an order. */
@Service
@RequiredArgsConstructor
class OrderExportService {

    private final ExternalPlatformClient platform;
    private final PlatformBreaker breaker;

    /** Completes when the platform has accepted the order; an answer that takes too long is an error. */
    Mono<Void> export(OrderPayload payload, String idempotencyKey) {
        return breaker.protect(platform.sendOrder(payload, idempotencyKey)).checkpoint("export order");
    }

    /** Whether the platform is known to be down, so that an export would not even be tried. */
    boolean isSuspended() {
        return breaker.isOpen();
    }

    /** Completes when the platform has accepted the refund; an answer that takes too long is an error. */
    Mono<Void> exportRefund(RefundPayload payload, String idempotencyKey) {
        return breaker.protect(platform.sendRefund(payload, idempotencyKey)).checkpoint("export refund");
    }
}
