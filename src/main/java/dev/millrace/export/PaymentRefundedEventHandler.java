package dev.millrace.export;

import dev.millrace.event.RemoteEventHandler;
import dev.millrace.order.PaymentRefundedEvent;
import dev.millrace.shared.Currency;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Exports a refund, and records that it was; the name it shares with the orders' export keeps it behind its order's. */
@Component
@RequiredArgsConstructor
class PaymentRefundedEventHandler implements RemoteEventHandler<PaymentRefundedEvent> {

    private final OrderExportService exports;
    private final Currency currency;

    @Override
    public String name() {
        return "export";
    }

    @Override
    public Class<PaymentRefundedEvent> eventClass() {
        return PaymentRefundedEvent.class;
    }

    @Override
    public boolean isSuspended() {
        return exports.isSuspended();
    }

    @Override
    public Mono<RefundExportedEvent> handle(PaymentRefundedEvent event, UUID deliveryId) {
        String key = deliveryId.toString();
        return exports.exportRefund(RefundPayload.of(event, currency.code()), key)
                .thenReturn(new RefundExportedEvent(event.orderId(), event.refundId(), key));
    }
}
