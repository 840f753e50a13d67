package dev.millrace.order;

import dev.millrace.event.Attempt;
import dev.millrace.event.EventHandler;
import dev.millrace.event.Failure;
import dev.millrace.event.Faults;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * Confirms an order once it has been paid.
 *
 * <p>What no repetition can mend fails the confirmation at once, and the delivery is done with; anything else is tried again,
 * and fails the confirmation when the attempts are used up.
 */
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

    @Override
    public String lane() {
        return SETTLING;
    }

    @Override
    public Mono<Void> handle(OrderConfirmedEvent event) {
        return Faults.at("confirm")
                .then(Mono.defer(() -> orders.confirmOrder(event.orderId())))
                .onErrorResume(error -> Failure.isPermanent(error), error -> failForGood(event, Failure.of(error)))
                .then();
    }

    /** The order waits on: it may be confirmed by an operator before its payment goes back. */
    @Override
    public Mono<Void> whenGivenUp(OrderConfirmedEvent event, String reason, int attempts) {
        return orders.failConfirmation(
                        new FailedConfirmation(event.orderId(), event.paymentId(), reason, false, attempts))
                .then();
    }

    private Mono<Order> failForGood(OrderConfirmedEvent event, Failure failure) {
        return Attempt.current()
                .map(attempt -> new FailedConfirmation(
                        event.orderId(), event.paymentId(), failure.reason(), true, attempt.number()))
                .flatMap(orders::failConfirmation);
    }
}
