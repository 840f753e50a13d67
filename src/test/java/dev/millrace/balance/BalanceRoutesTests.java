package dev.millrace.balance;

import static dev.millrace.harness.Bound.json;
import static dev.millrace.harness.Bound.problem;

import dev.millrace.harness.Bound;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.shared.ProblemHandler;
import org.junit.jupiter.api.Test;

/** Balances are charged and read as the contract says. */
@RunningService
class BalanceRoutesTests {

    private final Shop shop;
    private final Bound routes;

    BalanceRoutesTests(BalanceHandler handler, ProblemHandler problems, Shop shop) {
        this.shop = shop;
        this.routes = Bound.to(new BalanceRoutes().balanceTable(handler), problems);
    }

    @Test
    void answersAChargeWithTheNewBalance() {
        long user = shop.aUserWith(300);

        json(routes.post("{\"amount\":200}", "/balances/{id}/charges", user), 201)
                .jsonPath("$.userId")
                .isEqualTo(user)
                .jsonPath("$.amount")
                .isEqualTo(500)
                .jsonPath("$.currency")
                .isEqualTo("KRW")
                .jsonPath("$.entryId")
                .isNotEmpty();
    }

    @Test
    void showsZeroToAUserWhoWasNeverCharged() {
        long user = shop.aUser();

        json(routes.get("/balances/{id}", user), 200)
                .jsonPath("$.userId")
                .isEqualTo(user)
                .jsonPath("$.amount")
                .isEqualTo(0)
                .jsonPath("$.currency")
                .isEqualTo("KRW");
    }

    @Test
    void listsSignedEntries() {
        long user = shop.aUserWith(300);
        Shop.now(shop.pay(shop.anOrder(user, 100), user));

        json(routes.get("/balances/{id}/entries", user), 200)
                .jsonPath("$.data.length()")
                .isEqualTo(2)
                .jsonPath("$.data[0].type")
                .isEqualTo("PAYMENT")
                .jsonPath("$.data[0].amount")
                .isEqualTo(-100)
                .jsonPath("$.data[0].balanceAfter")
                .isEqualTo(200)
                .jsonPath("$.data[0].reference")
                .isNotEmpty()
                .jsonPath("$.data[1].type")
                .isEqualTo("CHARGE")
                .jsonPath("$.data[1].reference")
                .isEmpty()
                .jsonPath("$.data[1].at")
                .value(String.class, at -> org.assertj.core.api.Assertions.assertThat(at)
                        .endsWith("Z"))
                .jsonPath("$.nextCursor")
                .isEmpty();
    }

    @Test
    void refusesTheCursorOfAnotherUser() {
        long user = shop.aUserWith(1);
        Shop.now(shop.charge(user, 1));
        String cursor =
                Shop.now(shop.get("/balances/" + user + "/entries?limit=1")).text("nextCursor");

        problem(routes.get("/balances/{id}/entries?cursor={cursor}", shop.aUser(), cursor), 400, "invalid-cursor");
    }

    @Test
    void refusesAChargeBeyondTheRangeOfMoney() {
        long user = shop.aUserWith(1);

        problem(routes.post("{\"amount\":9007199254740991}", "/balances/{id}/charges", user), 400, "validation-failed");
    }
}
