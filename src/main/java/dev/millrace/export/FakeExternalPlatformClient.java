package dev.millrace.export;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lombok.extern.slf4j.Slf4j;
import reactor.core.publisher.Mono;

/** A platform that accepts everything: it logs each order, and keeps the latest ones for tests to look at. */
@Slf4j
class FakeExternalPlatformClient implements ExternalPlatformClient {

    private static final int KEPT = 1_000;

    private final ExportProperties.Fake behaviour;
    private final Map<String, OrderPayload> accepted = Collections.synchronizedMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, OrderPayload> eldest) {
            return size() > KEPT;
        }
    });

    FakeExternalPlatformClient(ExportProperties properties) {
        this.behaviour = properties.fake();
    }

    @Override
    public Mono<Void> sendOrder(OrderPayload payload, String idempotencyKey) {
        return afterAWhile(() -> accept(payload, idempotencyKey));
    }

    @Override
    public Mono<Void> sendRefund(RefundPayload payload, String idempotencyKey) {
        return afterAWhile(() -> log.info("Exported refund {} [{}]", payload.refundId(), idempotencyKey));
    }

    /** What was accepted, each order once however often it was sent. */
    Collection<OrderPayload> accepted() {
        synchronized (accepted) {
            return List.copyOf(accepted.values());
        }
    }

    private Mono<Void> afterAWhile(Runnable accepting) {
        Mono<Void> accepted = Mono.fromRunnable(accepting);
        return behaviour.latency().isZero()
                ? accepted
                : Mono.delay(behaviour.latency()).then(accepted);
    }

    private void accept(OrderPayload payload, String idempotencyKey) {
        OrderPayload before = accepted.put(idempotencyKey, payload);
        log.info("Exported order {} [{}]{}", payload.orderId(), idempotencyKey, before == null ? "" : ", again");
    }
}
