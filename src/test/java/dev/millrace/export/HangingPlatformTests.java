package dev.millrace.export;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.util.List;
import java.util.stream.Stream;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.TestPropertySource;
import reactor.core.publisher.Flux;

/** A platform that never answers delays no order: all are confirmed and counted, and their exports are still owed. */
@RunningService
@TestPropertySource(properties = {"millrace.export.fake.latency=1h", "millrace.shutdown.drain-timeout=100ms"})
@RequiredArgsConstructor
class HangingPlatformTests {

    private final Shop shop;
    private final Ledger ledger;
    private final FakeExternalPlatformClient platform;

    @Test
    void confirmsAndCountsOrdersAllTheSame() {
        long user = shop.aUserWith(1_000);
        long product = shop.aProduct(10);
        var orders = Stream.generate(() -> shop.anOrderOf(user, product, 1))
                .limit(30)
                .toList();

        now(Flux.fromIterable(orders).flatMap(order -> shop.pay(order, user)).collectList());

        await().untilAsserted(() ->
                assertThat(orders).extracting(ledger::handlersOwed).containsOnly(List.of("export")));
        assertThat(orders).extracting(shop::statusOf).containsOnly("CONFIRMED");
        assertThat(ledger.deliveriesOfUser(user)).isEqualTo(30);
        assertThat(ledger.count(
                        "SELECT CAST(SUM(quantity) AS BIGINT) FROM product_sales WHERE product_id = :id", product))
                .isEqualTo(30);
        assertThat(platform.accepted()).isEmpty();
    }
}
