package dev.millrace.payment;

import static dev.millrace.harness.Bound.json;
import static dev.millrace.harness.Bound.problem;
import static dev.millrace.harness.Shop.payment;

import dev.millrace.harness.Bound;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.shared.ProblemHandler;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Payments are taken and found as the contract says. */
@RunningService
class PaymentRoutesTests {

    private final Shop shop;
    private final Bound routes;
    private final long user;

    PaymentRoutesTests(PaymentHandler handler, RefundHandler refunds, ProblemHandler problems, Shop shop) {
        this.shop = shop;
        this.routes = Bound.to(new PaymentRoutes().paymentTable(handler, refunds), problems);
        this.user = shop.aUserWith(10_000);
    }

    @Test
    void takesAPayment() {
        UUID order = shop.anOrder(user, 4_000);

        json(routes.post(payment(order, user), "/payments"), 200)
                .jsonPath("$.id")
                .isNotEmpty()
                .jsonPath("$.orderId")
                .isEqualTo(order.toString())
                .jsonPath("$.userId")
                .isEqualTo(user)
                .jsonPath("$.amount")
                .isEqualTo(4_000)
                .jsonPath("$.refundedAmount")
                .isEqualTo(0)
                .jsonPath("$.currency")
                .isEqualTo("KRW")
                .jsonPath("$.status")
                .isEqualTo("SUCCESS")
                .jsonPath("$.paidAt")
                .isNotEmpty();
    }

    @Test
    void takesTheAmountThatTheClientExpectsAndNoOther() {
        UUID order = shop.anOrder(user, 4_000);
        String expecting = "{\"orderId\":\"%s\",\"userId\":%d,\"amount\":%d}";

        problem(routes.post(expecting.formatted(order, user, 4_001), "/payments"), 422, "amount-mismatch");
        json(routes.post(expecting.formatted(order, user, 4_000), "/payments"), 200);
    }

    @Test
    void saysWhatIsMissing() {
        UUID order = shop.anOrder(user, 10_001);

        problem(routes.post(payment(order, user), "/payments"), 402, "insufficient-balance")
                .jsonPath("$.required")
                .isEqualTo(10_001)
                .jsonPath("$.available")
                .isEqualTo(10_000)
                .jsonPath("$.shortfall")
                .isEqualTo(1);
    }

    @Test
    void saysThatTheOrderIsPaidAndHow() {
        UUID order = shop.anOrder(user, 4_000);
        String first = Shop.now(shop.pay(order, user)).text("id");

        problem(routes.post(payment(order, user), "/payments"), 409, "order-already-paid")
                .jsonPath("$.paymentId")
                .isEqualTo(first);
    }

    @Test
    void saysWhyTheOrderCannotBePaid() {
        UUID order = shop.anOrder(user, 4_000);
        Shop.now(shop.cancel(order));

        problem(routes.post(payment(order, user), "/payments"), 409, "order-not-payable")
                .jsonPath("$.orderStatus")
                .isEqualTo("CANCELLED");
    }

    @Test
    void doesNotKnowTheOrderOfSomebodyElse() {
        UUID order = shop.anOrder(shop.aUser(), 4_000);

        problem(routes.post(payment(order, user), "/payments"), 404, "order-not-found");
        problem(routes.post(payment(UUID.randomUUID(), user), "/payments"), 404, "order-not-found");
    }

    @Test
    void findsAPaymentByItsIdAndByItsOrder() {
        UUID order = shop.anOrder(user, 4_000);
        String paid = Shop.now(shop.pay(order, user)).text("id");

        json(routes.get("/payments/{id}", paid), 200).jsonPath("$.orderId").isEqualTo(order.toString());
        json(routes.get("/payments?orderId={id}", order), 200)
                .jsonPath("$.data[0].id")
                .isEqualTo(paid)
                .jsonPath("$.nextCursor")
                .isEmpty();
    }

    @Test
    void findsNothingThatWasNotPaid() {
        problem(routes.get("/payments/{id}", UUID.randomUUID()), 404, "payment-not-found");
        json(routes.get("/payments?orderId={id}", UUID.randomUUID()), 200)
                .jsonPath("$.data.length()")
                .isEqualTo(0);
    }
}
