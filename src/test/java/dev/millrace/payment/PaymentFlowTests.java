package dev.millrace.payment;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Ledger;
import dev.millrace.harness.Reply;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/** A payment, from the request to all that follows from it, alone and among many at once. */
@RunningService
@RequiredArgsConstructor
class PaymentFlowTests {

    private final Shop shop;
    private final Ledger ledger;
    private final MeterRegistry metrics;
    private final PaymentFacadeService facade;
    private final TransactionalOperator tx;
    private final DatabaseClient database;

    @Test
    void confirmsExportsAndCountsAPaidOrderOnce() {
        long user = shop.aUserWith(10_000);
        long product = shop.aProduct(1_000);
        UUID order = shop.anOrderOf(user, product, 3);

        Reply paid = now(shop.pay(order, user));

        assertThat(paid.status()).isEqualTo(200);
        await().untilAsserted(() -> assertThat(ledger.eventsOf(order)).contains("order.exported.v1"));
        await().untilAsserted(() -> assertThat(ledger.deliveriesOf(order)).isZero());
        assertThat(ledger.eventsOf(order))
                .containsExactly(
                        "order.confirmed.v1",
                        "product.sales-rank-recorded.v1",
                        "order.export-requested.v1",
                        "order.exported.v1");
        assertThat(shop.statusOf(order)).isEqualTo("CONFIRMED");
        assertThat(ledger.count(
                        "SELECT CAST(SUM(quantity) AS BIGINT) FROM product_sales WHERE product_id = :id", product))
                .isEqualTo(3);
        assertThat(ledger.count(
                        "SELECT CAST(SUM(revenue) AS BIGINT) FROM product_sales WHERE product_id = :id", product))
                .isEqualTo(3_000);
        assertThat(shop.balanceOf(user)).isEqualTo(7_000);
    }

    /** The smaller balance covers one payment only: those who come second still learn that the order is paid. */
    @ParameterizedTest
    @ValueSource(longs = {1_000_000, 5_000})
    void takesOneOfTwoHundredPaymentsOfAnOrder(long balance) {
        long user = shop.aUserWith(balance);
        UUID order = shop.anOrder(user, 5_000);

        List<Reply> replies = allAtOnce(200, attempt -> shop.pay(order, user));

        assertThat(countByStatus(replies)).isEqualTo(Map.of(200, 1L, 409, 199L));
        String payment = only(replies, 200).get(0).text("id");
        assertThat(only(replies, 409))
                .allSatisfy(refused -> assertThat(refused.code()).isEqualTo("order-already-paid"))
                .allSatisfy(refused -> assertThat(refused.text("paymentId")).isEqualTo(payment));
        assertThat(shop.balanceOf(user)).isEqualTo(balance - 5_000);
        assertThat(ledger.entriesOf(user)).isEqualTo(2);
        assertThat(ledger.paymentsOf(order)).isEqualTo(1);
    }

    @Test
    void takesAsManyOfAThousandPaymentsAsTheBalanceCovers() {
        long user = shop.aUserWith(500);
        long product = shop.aProduct(1);
        List<UUID> orders = now(Flux.range(0, 1_000)
                .flatMap(number -> shop.order(user, product, 1), 20)
                .map(Reply::id)
                .collectList());

        List<Reply> replies = allAtOnce(1_000, attempt -> shop.pay(orders.get(attempt), user));

        assertThat(countByStatus(replies)).isEqualTo(Map.of(200, 500L, 402, 500L));
        assertThat(only(replies, 402)).allSatisfy(refused -> {
            assertThat(refused.code()).isEqualTo("insufficient-balance");
            assertThat(refused.number("required")).isEqualTo(1);
            assertThat(refused.number("available")).isZero();
            assertThat(refused.number("shortfall")).isEqualTo(1);
        });
        assertThat(shop.balanceOf(user)).isZero();
        assertThat(entriesOf(user, 100)).hasSize(501).satisfies(this::formAnUnbrokenChain);
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(ledger.deliveriesOfUser(user)).isZero());
        assertThat(ledger.count("SELECT COUNT(*) FROM orders WHERE status = 'CONFIRMED' AND user_id = :id", user))
                .isEqualTo(500);
        assertThat(ledger.count(
                        "SELECT CAST(SUM(quantity) AS BIGINT) FROM product_sales WHERE product_id = :id", product))
                .isEqualTo(500);
    }

    @Test
    void answersFiftyRequestsWithOneKeyAlike() {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);
        String key = UUID.randomUUID().toString();

        List<Reply> replies = allAtOnce(50, attempt -> shop.pay(order, user, key));

        assertThat(countByStatus(replies)).isEqualTo(Map.of(200, 50L));
        assertThat(replies.stream().map(Reply::body).distinct()).hasSize(1);
        assertThat(replies.stream().filter(Reply::isReplayed)).hasSize(49);
        assertThat(ledger.paymentsOf(order)).isEqualTo(1);
        assertThat(shop.balanceOf(user)).isEqualTo(6_000);
    }

    /** The cancel commits together with the payment, so that it comes before the confirmation for certain. */
    @Test
    void raisesTheAlarmAndGivesTheMoneyBackForAPaidOrderThatWasCancelledBeforeItsConfirmation() {
        double alarmsBefore = alarms();
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);

        now(facade.requestPayment(new PaymentCommand(order, user, null))
                .delayUntil(paid -> cancel(order))
                .as(tx::transactional));

        await().untilAsserted(() -> assertThat(ledger.eventsOf(order))
                .startsWith("order.confirmed.v1", "order.confirmation-failed.v1", "payment.refunded.v1"));
        await().untilAsserted(() -> assertThat(ledger.handlersOwed(order)).doesNotContain("alarm", "compensate"));
        assertThat(shop.statusOf(order)).isEqualTo("CANCELLED");
        assertThat(shop.balanceOf(user)).isEqualTo(10_000);
        assertThat(alarms()).isEqualTo(alarmsBefore + 1);
    }

    private Mono<Void> cancel(UUID order) {
        return database.sql("UPDATE orders SET status = 'CANCELLED', version = version + 1 WHERE id = :id")
                .bind("id", order)
                .then();
    }

    private double alarms() {
        return metrics.get("millrace.order.confirmation.failed").counter().count();
    }

    private static List<Reply> allAtOnce(int times, Function<Integer, Mono<Reply>> request) {
        return now(Flux.range(0, times).flatMap(request::apply, times).collectList());
    }

    private static Map<Integer, Long> countByStatus(List<Reply> replies) {
        return replies.stream().collect(Collectors.groupingBy(Reply::status, Collectors.counting()));
    }

    private static List<Reply> only(List<Reply> replies, int status) {
        return replies.stream().filter(reply -> reply.status() == status).toList();
    }

    /** All entries of the user, page by page, newest first. */
    private List<JsonNode> entriesOf(long user, int limit) {
        String path = "/balances/" + user + "/entries?limit=" + limit;
        return now(shop.get(path)
                .expand(page -> page.body().path("nextCursor").isNull()
                        ? Mono.empty()
                        : shop.get(path + "&cursor=" + page.text("nextCursor")))
                .concatMapIterable(page -> page.body().path("data"))
                .collectList());
    }

    private void formAnUnbrokenChain(List<? extends JsonNode> newestFirst) {
        for (int index = 0; index < newestFirst.size(); index++) {
            JsonNode entry = newestFirst.get(index);
            boolean isOldest = index == newestFirst.size() - 1;
            long before = isOldest
                    ? 0
                    : newestFirst.get(index + 1).path("balanceAfter").asLong();
            assertThat(entry.path("balanceAfter").asLong())
                    .isEqualTo(before + entry.path("amount").asLong());
            assertThat(entry.path("type").asString()).isEqualTo(isOldest ? "CHARGE" : "PAYMENT");
        }
    }
}
