package dev.millrace.order;

import dev.millrace.event.EventHandler;
import dev.millrace.shared.Refusal;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Confirms an order once it has been paid. */
@Component
@RequiredArgsConstructor
class OrderConfirmedEventHandler implements EventHandler<OrderConfirmedEvent> {

    private final OrderUseCase orders;

    @Override
    public String name() {
        return "confirm";
    }

    @Override
    public Class<OrderConfirmedEvent> eventClass() {
        return OrderConfirmedEvent.class;
    }

    /** What no repetition can mend fails the confirmation; anything else is tried again. */
    @Override
    public Mono<Void> handle(OrderConfirmedEvent event) {
        return orders.confirmOrder(event.orderId())
                .onErrorResume(Refusal.class, refusal -> fail(event, refusal))
                .then();
    }

    private Mono<Order> fail(OrderConfirmedEvent event, Refusal refusal) {
        return orders.failConfirmation(event.orderId(), event.paymentId(), refusal.detail());
    }
}
