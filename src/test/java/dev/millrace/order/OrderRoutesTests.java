package dev.millrace.order;

import static dev.millrace.harness.Bound.json;
import static dev.millrace.harness.Bound.problem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.Bound;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.shared.Money;
import dev.millrace.shared.ProblemHandler;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Orders are placed, found, listed and cancelled as the contract says. */
@RunningService
class OrderRoutesTests {

    private final Shop shop;
    private final OrderUseCase orders;
    private final Bound routes;

    OrderRoutesTests(OrderHandler handler, ProblemHandler problems, OrderUseCase orders, Shop shop) {
        this.shop = shop;
        this.orders = orders;
        this.routes = Bound.to(new OrderRoutes().orderTable(handler), problems);
    }

    @Test
    void placesAnOrder() {
        long product = shop.aProduct(1_500);

        var answer = routes.post(order(7, product, 2), "/orders");

        answer.expectHeader().value("Location", location -> assertThat(location).matches("/orders/[0-9a-f-]{36}"));
        json(answer, 201)
                .jsonPath("$.status")
                .isEqualTo("CREATED")
                .jsonPath("$.userId")
                .isEqualTo(7)
                .jsonPath("$.totalAmount")
                .isEqualTo(3_000)
                .jsonPath("$.currency")
                .isEqualTo("KRW")
                .jsonPath("$.items[0].productId")
                .isEqualTo(product)
                .jsonPath("$.items[0].quantity")
                .isEqualTo(2)
                .jsonPath("$.items[0].unitPrice")
                .isEqualTo(1_500)
                .jsonPath("$.items[0].name")
                .isEqualTo("Thing")
                .jsonPath("$.createdAt")
                .isNotEmpty()
                .jsonPath("$.confirmedAt")
                .doesNotExist();
    }

    @Test
    void refusesAnOrderOfAnUnknownProduct() {
        problem(routes.post(order(7, Long.MAX_VALUE, 1), "/orders"), 404, "product-not-found");
    }

    @Test
    void refusesATotalBeyondTheRangeOfMoney() {
        long dear = shop.aProduct(Money.MAX);

        problem(routes.post(order(7, dear, 2), "/orders"), 400, "validation-failed");
    }

    @Test
    void showsAnOrderAndWhenItWasConfirmed() {
        UUID order = shop.anOrder(shop.aUser(), 100);
        Shop.now(orders.confirmOrder(order));

        json(routes.get("/orders/{id}", order), 200)
                .jsonPath("$.status")
                .isEqualTo("CONFIRMED")
                .jsonPath("$.confirmedAt")
                .isNotEmpty();
    }

    @Test
    void knowsNoOrderThatWasNeverPlaced() {
        problem(routes.get("/orders/{id}", UUID.randomUUID()), 404, "order-not-found");
        problem(routes.post("", "/orders/{id}/cancel", UUID.randomUUID()), 404, "order-not-found");
    }

    @Test
    void cancelsAnOrderOnceAndForAll() {
        UUID order = shop.anOrder(shop.aUser(), 100);

        json(routes.post("", "/orders/{id}/cancel", order), 200)
                .jsonPath("$.status")
                .isEqualTo("CANCELLED");
        json(routes.post("", "/orders/{id}/cancel", order), 200)
                .jsonPath("$.status")
                .isEqualTo("CANCELLED");
    }

    @Test
    void refusesToCancelAConfirmedOrder() {
        UUID order = shop.anOrder(shop.aUser(), 100);
        Shop.now(orders.confirmOrder(order));

        problem(routes.post("", "/orders/{id}/cancel", order), 409, "illegal-transition")
                .jsonPath("$.orderStatus")
                .isEqualTo("CONFIRMED");
    }

    @Test
    void listsAUsersOrders() {
        long user = shop.aUser();
        shop.anOrder(user, 100);
        UUID newest = shop.anOrder(user, 100);

        json(routes.get("/orders?userId={id}&limit=1", user), 200)
                .jsonPath("$.data[0].id")
                .isEqualTo(newest.toString())
                .jsonPath("$.data.length()")
                .isEqualTo(1)
                .jsonPath("$.nextCursor")
                .isNotEmpty();
        json(routes.get("/orders?userId={id}", shop.aUser()), 200)
                .jsonPath("$.data.length()")
                .isEqualTo(0);
    }

    private static String order(long user, long product, long quantity) {
        return "{\"userId\":%d,\"items\":[{\"productId\":%d,\"quantity\":%d}]}".formatted(user, product, quantity);
    }
}
