package dev.millrace.payment;

import dev.millrace.event.EventHandler;
import dev.millrace.order.OrderConfirmationFailedEvent;
import dev.millrace.order.OrderUseCase;
import java.time.Duration;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * Gives a payment back whose order could not be confirmed: at once if nothing can confirm it any more, and otherwise at a
 * deadline until which an operator may have the confirmation tried again.
 *
 * <p>Promised: the order is either confirmed and paid for, or not confirmed and its money back, whoever comes first; a
 * repetition finds nothing left to give back. Whatever happens to the order after the failure, the money goes back at the
 * deadline and not earlier.
 */
@Component
@RequiredArgsConstructor
class CompensationHandler implements EventHandler<OrderConfirmationFailedEvent> {

    private final OrderUseCase orders;
    private final RefundService refunds;
    private final CompensationProperties properties;

    @Override
    public String name() {
        return "compensate";
    }

    @Override
    public Class<OrderConfirmationFailedEvent> eventClass() {
        return OrderConfirmationFailedEvent.class;
    }

    @Override
    public Duration delay(OrderConfirmationFailedEvent event) {
        return event.permanent() ? Duration.ZERO : properties.deadline();
    }

    @Override
    public Mono<Void> handle(OrderConfirmationFailedEvent event) {
        return orders.abandonOrder(event.orderId())
                .filter(goesBack -> goesBack)
                .flatMap(goesBack -> refunds.refundWhatIsLeft(RefundCommand.compensation(event.paymentId())))
                .then();
    }
}
