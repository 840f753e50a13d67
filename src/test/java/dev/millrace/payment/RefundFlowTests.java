package dev.millrace.payment;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Books;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.Reply;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.shared.Refusal;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Money goes back in whole and in parts, and never more of it than was paid. */
@RunningService
@RequiredArgsConstructor
class RefundFlowTests {

    private static final String ALL = "{\"reason\":\"changed my mind\"}";

    private final Shop shop;
    private final Ledger ledger;
    private final Books books;
    private final PaymentFacadeService facade;
    private final RefundService refunds;
    private final TransactionalOperator tx;
    private final DatabaseClient database;

    @Test
    void givesAllBackAndUndoesTheOrder() {
        long user = shop.aUserWith(10_000);
        long product = shop.aProduct(1_000);
        UUID order = shop.anOrderOf(user, product, 4);
        String payment = aConfirmedPayment(order, user);

        Reply refund = now(refund(payment, ALL));

        assertThat(refund.status()).isEqualTo(201);
        assertThat(refund.text("paymentId")).isEqualTo(payment);
        assertThat(refund.number("amount")).isEqualTo(4_000);
        assertThat(refund.text("currency")).isEqualTo("KRW");
        assertThat(refund.text("reason")).isEqualTo("changed my mind");
        assertThat(refund.text("origin")).isEqualTo("CLIENT");
        assertThat(refund.text("at")).endsWith("Z");
        assertThat(shop.balanceOf(user)).isEqualTo(10_000);
        assertThat(shop.statusOf(order)).isEqualTo("REFUNDED");
        Reply paid = now(shop.get("/payments/" + payment));
        assertThat(paid.text("status")).isEqualTo("REFUNDED");
        assertThat(paid.number("refundedAmount")).isEqualTo(4_000);
        await().untilAsserted(() -> assertThat(soldOf(product)).isZero());
        await().untilAsserted(() -> assertThat(ledger.eventsOf(order)).endsWith("refund.exported.v1"));
        assertThat(ledger.eventsOf(order))
                .containsSubsequence("product.sales-rank-recorded.v1", "payment.refunded.v1", "refund.exported.v1");
        books.assertThatTheyAddUp();
    }

    @Test
    void givesAPartBackAndThenTheRest() {
        long user = shop.aUserWith(10_000);
        long product = shop.aProduct(1_000);
        UUID order = shop.anOrderOf(user, product, 4);
        String payment = aConfirmedPayment(order, user);

        Reply part = now(refund(payment, "{\"amount\":1500,\"reason\":\"scratched\"}"));

        assertThat(part.status()).isEqualTo(201);
        assertThat(shop.balanceOf(user)).isEqualTo(7_500);
        assertThat(shop.statusOf(order)).isEqualTo("CONFIRMED");
        assertThat(now(shop.get("/payments/" + payment)).text("status")).isEqualTo("PARTIALLY_REFUNDED");
        await().untilAsserted(() -> assertThat(ledger.handlersOwed(order)).doesNotContain("ranking"));
        assertThat(soldOf(product)).isEqualTo(4);

        Reply rest = now(refund(payment, ALL));

        assertThat(rest.number("amount")).isEqualTo(2_500);
        assertThat(shop.balanceOf(user)).isEqualTo(10_000);
        assertThat(shop.statusOf(order)).isEqualTo("REFUNDED");
        await().untilAsserted(() -> assertThat(soldOf(product)).isZero());
        books.assertThatTheyAddUp();
    }

    @Test
    void refusesMoreThanIsLeftAndSaysHowMuchThatIs() {
        long user = shop.aUserWith(10_000);
        String payment = aConfirmedPayment(shop.anOrder(user, 4_000), user);
        now(refund(payment, "{\"amount\":1500,\"reason\":\"scratched\"}"));

        Reply tooMuch = now(refund(payment, "{\"amount\":2501,\"reason\":\"scratched\"}"));
        now(refund(payment, ALL));
        Reply nothingLeft = now(refund(payment, ALL));

        assertThat(List.of(tooMuch, nothingLeft)).allSatisfy(refused -> {
            assertThat(refused.status()).isEqualTo(422);
            assertThat(refused.code()).isEqualTo("refund-exceeds-payment");
        });
        assertThat(tooMuch.number("refundable")).isEqualTo(2_500);
        assertThat(nothingLeft.body().path("refundable").isNumber()).isTrue();
        assertThat(nothingLeft.number("refundable")).isZero();
        assertThat(shop.balanceOf(user)).isEqualTo(10_000);
    }

    @Test
    void doesNotKnowAPaymentThatIsNone() {
        Reply refused = now(refund(UUID.randomUUID().toString(), ALL));

        assertThat(refused.status()).isEqualTo(404);
        assertThat(refused.code()).isEqualTo("payment-not-found");
    }

    @Test
    void givesBackOnceForFiftyRequestsWithOneKey() {
        long user = shop.aUserWith(10_000);
        String payment = aConfirmedPayment(shop.anOrder(user, 4_000), user);
        String key = UUID.randomUUID().toString();

        List<Reply> replies =
                allAtOnce(50, attempt -> refund(payment, "{\"amount\":10,\"reason\":\"scratched\"}", key));

        assertThat(countByStatus(replies)).isEqualTo(Map.of(201, 50L));
        assertThat(replies.stream().map(Reply::body).distinct()).hasSize(1);
        assertThat(replies.stream().filter(Reply::isReplayed)).hasSize(49);
        assertThat(refundsOf(payment)).isEqualTo(1);
        assertThat(shop.balanceOf(user)).isEqualTo(6_010);
        books.assertThatTheyAddUp();
    }

    @Test
    void neverGivesMoreBackThanWasPaid() {
        long user = shop.aUserWith(10_000);
        String payment = aConfirmedPayment(shop.anOrder(user, 10_000), user);

        List<Reply> replies = allAtOnce(50, attempt -> refund(payment, "{\"amount\":300,\"reason\":\"scratched\"}"));

        assertThat(countByStatus(replies)).isEqualTo(Map.of(201, 33L, 422, 17L));
        assertThat(replies.stream().filter(reply -> reply.status() == 422))
                .allSatisfy(refused -> assertThat(refused.number("refundable")).isEqualTo(100));
        assertThat(shop.balanceOf(user)).isEqualTo(9_900);
        assertThat(refundsOf(payment)).isEqualTo(33);
        books.assertThatTheyAddUp();
    }

    @Test
    void givesAllThatIsLeftBackToOneOfTwo() {
        long user = shop.aUserWith(10_000);
        String payment = aConfirmedPayment(shop.anOrder(user, 4_000), user);
        RefundCommand all = new RefundCommand(UUID.fromString(payment), null, "twice", RefundOrigin.CLIENT);

        Flux.merge(refunds.refund(all).materialize(), refunds.refund(all).materialize())
                .filter(signal -> signal.isOnError())
                .as(StepVerifier::create)
                .assertNext(refused ->
                        assertThat(((Refusal) refused.getThrowable()).code()).isEqualTo("refund-exceeds-payment"))
                .verifyComplete();
        assertThat(shop.balanceOf(user)).isEqualTo(10_000);
    }

    /** The sale is moved three hours back, as if the refund came that much later. */
    @Test
    void takesTheSaleOutOfTheHourItWasCountedIn() {
        long user = shop.aUserWith(10_000);
        long product = shop.aProduct(1_000);
        UUID order = shop.anOrderOf(user, product, 4);
        String payment = aConfirmedPayment(order, user);
        await().untilAsserted(() -> assertThat(soldOf(product)).isEqualTo(4));
        change("UPDATE product_sales SET sold_hour = sold_hour - INTERVAL '3' HOUR WHERE product_id = :id", product);
        change("UPDATE orders SET confirmed_at = confirmed_at - INTERVAL '3' HOUR WHERE id = :id", order);

        now(refund(payment, ALL));

        await().untilAsserted(() -> assertThat(soldOf(product)).isZero());
        assertThat(ledger.count("SELECT COUNT(*) FROM product_sales WHERE product_id = :id", product))
                .isEqualTo(1);
        assertThat(ledger.count(
                        "SELECT CAST(SUM(revenue) AS BIGINT) FROM product_sales WHERE product_id = :id", product))
                .isZero();
    }

    /** The refund commits together with the payment, so that it comes before the confirmation for certain. */
    @Test
    void leavesNothingToConfirmWhenAllGoesBackBeforeTheConfirmation() {
        long user = shop.aUserWith(10_000);
        long product = shop.aProduct(1_000);
        UUID order = shop.anOrderOf(user, product, 4);

        now(facade.requestPayment(new PaymentCommand(order, user, null))
                .delayUntil(paid -> refunds.refund(new RefundCommand(paid.id(), null, "at once", RefundOrigin.CLIENT)))
                .as(tx::transactional));

        await().untilAsserted(() -> assertThat(ledger.handlersOwed(order)).doesNotContain("confirm", "ranking"));
        assertThat(shop.statusOf(order)).isEqualTo("CONFIRMATION_FAILED");
        assertThat(ledger.eventsOf(order))
                .startsWith("order.confirmed.v1", "payment.refunded.v1")
                .doesNotContain("order.confirmation-failed.v1", "product.sales-rank-recorded.v1");
        assertThat(ledger.count("SELECT COUNT(*) FROM product_sales WHERE product_id = :id", product))
                .isZero();
        assertThat(shop.balanceOf(user)).isEqualTo(10_000);
        books.assertThatTheyAddUp();
    }

    @Test
    void saysWhatIsWrongWithTheReason() {
        String path = UUID.randomUUID().toString();

        List<Reply> replies = List.of(
                now(refund(path, "{}")),
                now(refund(path, "{\"reason\":\"\"}")),
                now(refund(path, "{\"reason\":\"" + "x".repeat(501) + "\"}")));

        assertThat(replies).allSatisfy(refused -> {
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.code()).isEqualTo("validation-failed");
            assertThat(refused.body().path("errors").path(0).path("pointer").asString())
                    .isEqualTo("#/reason");
        });
    }

    private String aConfirmedPayment(UUID order, long user) {
        String payment = now(shop.pay(order, user)).text("id");
        await().untilAsserted(() -> assertThat(shop.statusOf(order)).isEqualTo("CONFIRMED"));
        return payment;
    }

    private Mono<Reply> refund(String payment, String body) {
        return refund(payment, body, null);
    }

    private Mono<Reply> refund(String payment, String body, String key) {
        return shop.post("/payments/" + payment + "/refunds", body, key);
    }

    private long refundsOf(String payment) {
        return ledger.count("SELECT COUNT(*) FROM refund WHERE payment_id = :id", UUID.fromString(payment));
    }

    private long soldOf(long product) {
        return ledger.count(
                "SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM product_sales WHERE product_id = :id", product);
    }

    private void change(String sql, Object id) {
        assertThat(now(database.sql(sql).bind("id", id).fetch().rowsUpdated())).isEqualTo(1);
    }

    private static List<Reply> allAtOnce(int times, Function<Integer, Mono<Reply>> request) {
        return now(Flux.range(0, times).flatMap(request::apply, times).collectList());
    }

    private static Map<Integer, Long> countByStatus(List<Reply> replies) {
        return replies.stream().collect(Collectors.groupingBy(Reply::status, Collectors.counting()));
    }
}
