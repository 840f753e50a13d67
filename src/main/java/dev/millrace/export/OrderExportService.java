package dev.millrace.export;

import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Service;
import reactor.core.publisher.Mono;

/** Sends confirmed orders to the external platform; may fail without touching an order. */
@Service
@RequiredArgsConstructor
class OrderExportService {

    private final ExternalPlatformClient platform;
    private final ExportProperties properties;

    /** Completes when the platform has accepted the order; an answer that takes too long is an error. */
    Mono<Void> export(OrderPayload payload, String idempotencyKey) {
        return platform.sendOrder(payload, idempotencyKey)
                .timeout(properties.timeout())
                .checkpoint("export order");
    }

    /** Completes when the platform has accepted the refund; an answer that takes too long is an error. */
    Mono<Void> exportRefund(RefundPayload payload, String idempotencyKey) {
        return platform.sendRefund(payload, idempotencyKey)
                .timeout(properties.timeout())
                .checkpoint("export refund");
    }
}
