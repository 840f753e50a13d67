package dev.millrace.export;

import dev.millrace.order.OrderExportRequestedEvent;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** An order as the external platform gets it. Amounts are in the minor unit of the currency. */
public record OrderPayload(
        UUID orderId, long userId, long totalAmount, String currency, Instant confirmedAt, List<Item> items) {

    public record Item(long productId, String name, long quantity, long unitPrice) {}

    static OrderPayload of(OrderExportRequestedEvent event, String currency) {
        List<Item> items = event.items().stream()
                .map(item -> new Item(item.productId(), item.name(), item.quantity(), item.unitPrice()))
                .toList();
        return new OrderPayload(
                event.orderId(), event.userId(), event.totalAmount(), currency, event.confirmedAt(), items);
    }
}
