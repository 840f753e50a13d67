package dev.millrace.export;

import reactor.core.publisher.Mono;

/** The way to the external data platform. */
public interface ExternalPlatformClient {

    /**
     * Sends the order.
     *
     * @param idempotencyKey the same for each repetition, so that the platform can tell one
     * @return completes when the platform has accepted it
     */
    Mono<Void> sendOrder(OrderPayload payload, String idempotencyKey);

    /** Sends the refund, on the same terms. */
    Mono<Void> sendRefund(RefundPayload payload, String idempotencyKey);
}
