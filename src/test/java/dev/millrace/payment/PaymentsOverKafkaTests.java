package dev.millrace.payment;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Books;
import dev.millrace.harness.FreshDatabase;
import dev.millrace.harness.KafkaBroker;
import dev.millrace.harness.KafkaTopic;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.Reply;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import lombok.RequiredArgsConstructor;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.ContextConfiguration;

/** With nothing changed but two settings, a payment leads to the same. */
@RunningService
@ContextConfiguration(initializers = {FreshDatabase.class, KafkaBroker.class})
@RequiredArgsConstructor
class PaymentsOverKafkaTests {

    private final Shop shop;
    private final Ledger ledger;
    private final Books books;

    @AfterEach
    void mend() {
        KafkaBroker.mend();
        books.assertThatTheyAddUp();
    }

    @Test
    void confirmsExportsAndCountsAPaidOrderOnceHoweverOftenItsRecordsCome() {
        long user = shop.aUserWith(10_000);
        long product = shop.aProduct(1_000);
        UUID order = shop.anOrderOf(user, product, 3);

        Reply paid = now(shop.pay(order, user));

        assertThat(paid.status()).isEqualTo(200);
        waiting().until(() -> isDone(order));
        sendEverythingAgain();
        UUID later = shop.anOrderOf(user, product, 2);
        assertThat(now(shop.pay(later, user)).status()).isEqualTo(200);
        waiting().until(() -> isDone(later));
        assertThat(ledger.eventsOf(order))
                .containsExactlyInAnyOrder(
                        "order.confirmed.v1",
                        "product.sales-rank-recorded.v1",
                        "order.export-requested.v1",
                        "order.exported.v1");
        assertThat(shop.statusOf(order)).isEqualTo("CONFIRMED");
        assertThat(shop.balanceOf(user)).isEqualTo(5_000);
        assertThat(ledger.count(
                        "SELECT CAST(SUM(quantity) AS BIGINT) FROM product_sales WHERE product_id = :id", product))
                .isEqualTo(5);
    }

    @Test
    void takesPaymentsAsEverWhileThereIsNoBroker() {
        long user = shop.aUserWith(10_000);
        List<UUID> orders = IntStream.range(0, 10)
                .mapToObj(number -> shop.anOrder(user, 1_000))
                .toList();
        KafkaBroker.cut();

        assertThat(orders)
                .allSatisfy(
                        order -> assertThat(now(shop.pay(order, user)).status()).isEqualTo(200));
        assertThat(now(shop.get("/admin/deliveries?handler=relay"))
                        .body()
                        .path("data")
                        .size())
                .isGreaterThanOrEqualTo(10);
        KafkaBroker.mend();

        waiting().until(() -> orders.stream().allMatch(this::isDone));
        assertThat(orders).allSatisfy(order -> assertThat(shop.statusOf(order)).isEqualTo("CONFIRMED"));
        assertThat(shop.balanceOf(user)).isZero();
    }

    private boolean isDone(UUID order) {
        return ledger.eventsOf(order).contains("order.exported.v1") && ledger.deliveriesOf(order) == 0;
    }

    private static void sendEverythingAgain() {
        KafkaTopic events = KafkaBroker.topic("millrace.events");
        events.sendAgain(events.read());
    }

    private static ConditionFactory waiting() {
        return await().atMost(Duration.ofSeconds(40));
    }
}
