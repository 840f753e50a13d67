package dev.millrace.ranking;

import dev.millrace.event.EventHandler;
import dev.millrace.order.PaymentRefundedEvent;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * Takes the sales of a refunded order out again, after they have been counted: the name it shares with the counting keeps the
 * two in their order.
 */
@Component
@RequiredArgsConstructor
class RefundedSalesEventHandler implements EventHandler<PaymentRefundedEvent> {

    private final RankingService rankings;

    @Override
    public String name() {
        return "ranking";
    }

    @Override
    public Class<PaymentRefundedEvent> eventClass() {
        return PaymentRefundedEvent.class;
    }

    @Override
    public Mono<Void> handle(PaymentRefundedEvent event) {
        return event.soldAt() == null ? Mono.empty() : rankings.takeBack(event.sales(), event.soldAt());
    }
}
