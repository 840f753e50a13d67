package dev.millrace.export;

import dev.millrace.event.Faults;
import dev.millrace.event.RemoteEventHandler;
import dev.millrace.order.OrderExportRequestedEvent;
import dev.millrace.shared.Currency;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Exports an order once it has been confirmed, and records that it was. */
@Component
@RequiredArgsConstructor
class OrderExportEventHandler implements RemoteEventHandler<OrderExportRequestedEvent> {

    private final OrderExportService exports;
    private final Currency currency;

    @Override
    public String name() {
        return "export";
    }

    @Override
    public Class<OrderExportRequestedEvent> eventClass() {
        return OrderExportRequestedEvent.class;
    }

    @Override
    public boolean isSuspended() {
        return exports.isSuspended();
    }

    @Override
    public String lane() {
        return SETTLING;
    }

    /** A planned fault comes before the call, so that it is no sign of the platform being down. */
    @Override
    public Mono<OrderExportedEvent> handle(OrderExportRequestedEvent event, UUID deliveryId) {
        String key = deliveryId.toString();
        return Faults.at("export")
                .then(exports.export(OrderPayload.of(event, currency.code()), key))
                .thenReturn(new OrderExportedEvent(event.orderId(), key));
    }
}
