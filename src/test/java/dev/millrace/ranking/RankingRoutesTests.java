package dev.millrace.ranking;

import static dev.millrace.harness.Bound.json;

import dev.millrace.harness.Bound;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.order.ProductSalesRankRecordedEvent.Sale;
import dev.millrace.shared.ProblemHandler;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The top list names what was sold most, by quantity or by revenue. */
@RunningService
class RankingRoutesTests {

    private final RankingService rankings;
    private final Clock clock;
    private final Shop shop;
    private final Bound routes;

    RankingRoutesTests(
            RankingHandler handler, RankingService rankings, ProblemHandler problems, Clock clock, Shop shop) {
        this.rankings = rankings;
        this.clock = clock;
        this.shop = shop;
        this.routes = Bound.to(new RankingRoutes().rankingTable(handler), problems);
    }

    /** So many and so dear that no other test sells more. */
    @Test
    void ranksByQuantityOrByRevenue() {
        long many = shop.aProduct(1);
        long dear = shop.aProduct(1);
        var sales = List.of(new Sale(many, 2_000_000_000, 5), new Sale(dear, 1_000_000_000, 1L << 52));

        Instant now = clock.instant();
        rankings.recordSales(sales, now).then(rankings.recordSales(sales, now)).block();

        json(routes.get("/rankings/products?limit=2"), 200)
                .jsonPath("$.window")
                .isEqualTo("24h")
                .jsonPath("$.metric")
                .isEqualTo("quantity")
                .jsonPath("$.from")
                .isNotEmpty()
                .jsonPath("$.to")
                .isNotEmpty()
                .jsonPath("$.data[0].rank")
                .isEqualTo(1)
                .jsonPath("$.data[0].productId")
                .isEqualTo(many)
                .jsonPath("$.data[0].name")
                .isEqualTo("Thing")
                .jsonPath("$.data[0].quantity")
                .isEqualTo(4_000_000_000L)
                .jsonPath("$.data[0].revenue")
                .isEqualTo(10)
                .jsonPath("$.data[1].rank")
                .isEqualTo(2)
                .jsonPath("$.data[1].productId")
                .isEqualTo(dear);
        json(routes.get("/rankings/products?metric=revenue&window=1h&limit=1"), 200)
                .jsonPath("$.metric")
                .isEqualTo("revenue")
                .jsonPath("$.window")
                .isEqualTo("1h")
                .jsonPath("$.data.length()")
                .isEqualTo(1)
                .jsonPath("$.data[0].productId")
                .isEqualTo(dear)
                .jsonPath("$.data[0].revenue")
                .isEqualTo(1L << 53);
    }
}
