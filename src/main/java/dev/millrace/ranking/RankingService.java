package dev.millrace.ranking;

import dev.millrace.order.ProductSalesRankRecordedEvent;
import dev.millrace.order.ProductSalesRankRecordedEvent.Sale;
import dev.millrace.product.ProductService;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Counts what was sold, and serves the top list. */
@Service
@RequiredArgsConstructor
class RankingService {

    private final RankingRepository rankings;
    private final ProductService products;
    private final TransactionalOperator tx;

    /** Adds the sales to the hour they were made in. Products in ascending order: two orders never wait for each other. */
    Mono<Void> recordSales(ProductSalesRankRecordedEvent event) {
        Instant hour = event.soldAt().truncatedTo(ChronoUnit.HOURS);
        return Flux.fromStream(() -> event.sales().stream().sorted(Comparator.comparingLong(Sale::productId)))
                .concatMap(sale -> rankings.add(sale, hour))
                .then()
                .as(tx::transactional);
    }

    Mono<List<RankedProduct>> topProducts(Metric metric, Instant from, int limit) {
        return rankings.top(metric, from, limit).collectList().flatMap(this::withNames);
    }

    private Mono<List<RankedProduct>> withNames(List<ProductSales> top) {
        List<Long> ids = top.stream().map(ProductSales::productId).toList();
        return products.findProducts(ids).map(catalogue -> RankedProduct.rank(top, catalogue));
    }
}
