package dev.millrace.ranking;

import dev.millrace.order.ProductSalesRankRecordedEvent.Sale;
import dev.millrace.product.ProductService;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/** Counts what was sold, and serves the top list. */
@Service
@RequiredArgsConstructor
class RankingService {

    private final RankingRepository rankings;
    private final ProductService products;
    private final TransactionalOperator tx;

    /** Adds the sales to the hour they were made in. */
    Mono<Void> recordSales(List<Sale> sales, Instant soldAt) {
        return rankings.add(sales, hourOf(soldAt)).as(tx::transactional);
    }

    /** Takes the sales out of the hour they were made in, whenever that was. */
    Mono<Void> takeBack(List<Sale> sales, Instant soldAt) {
        return rankings.subtract(sales, hourOf(soldAt)).as(tx::transactional);
    }

    Mono<List<RankedProduct>> topProducts(Metric metric, Instant from, int limit) {
        return rankings.top(metric, from, limit).collectList().flatMap(this::withNames);
    }

    private Mono<List<RankedProduct>> withNames(List<ProductSales> top) {
        List<Long> ids = top.stream().map(ProductSales::productId).toList();
        return products.findProducts(ids).map(catalogue -> RankedProduct.rank(top, catalogue));
    }

    private static Instant hourOf(Instant soldAt) {
        return soldAt.truncatedTo(ChronoUnit.HOURS);
    }
}
