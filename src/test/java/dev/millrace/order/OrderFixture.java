package dev.millrace.order;

import dev.millrace.shared.Money;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** Orders in each state, reached the way that orders reach it. */
final class OrderFixture {

    static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    private OrderFixture() {}

    static Order aCreatedOrder() {
        return Order.place(
                UUID.randomUUID(),
                7,
                List.of(new OrderItem(1, "Pen", 3, Money.of(1_000)), new OrderItem(2, "Ink", 1, Money.of(2_500))),
                NOW);
    }

    static Order aConfirmedOrder() {
        Order order = aCreatedOrder();
        order.markConfirmed(NOW);
        order.clearEvents();
        return order;
    }

    static Order aCancelledOrder() {
        Order order = aCreatedOrder();
        order.cancel();
        return order;
    }
}
