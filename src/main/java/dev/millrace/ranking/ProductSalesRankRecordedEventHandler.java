package dev.millrace.ranking;

import dev.millrace.event.EventHandler;
import dev.millrace.event.Faults;
import dev.millrace.order.ProductSalesRankRecordedEvent;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Counts the sales of a confirmed order, once. */
@Component
@RequiredArgsConstructor
class ProductSalesRankRecordedEventHandler implements EventHandler<ProductSalesRankRecordedEvent> {

    private final RankingService rankings;

    @Override
    public String name() {
        return "ranking";
    }

    @Override
    public Class<ProductSalesRankRecordedEvent> eventClass() {
        return ProductSalesRankRecordedEvent.class;
    }

    @Override
    public String lane() {
        return SETTLING;
    }

    /** It is the first of its order that is counted, and a sum knows no order. */
    @Override
    public boolean isHandledAtOnce() {
        return true;
    }

    @Override
    public Mono<Void> handle(ProductSalesRankRecordedEvent event) {
        return Faults.at("ranking").then(Mono.defer(() -> rankings.recordSales(event.sales(), event.soldAt())));
    }
}
