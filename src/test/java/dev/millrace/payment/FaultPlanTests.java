package dev.millrace.payment;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Books;
import dev.millrace.harness.Bound;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.util.List;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;
import org.springframework.http.MediaType;
import org.springframework.test.context.TestPropertySource;
import org.springframework.test.web.reactive.server.WebTestClient.ResponseSpec;
import tools.jackson.databind.JsonNode;

/** Each planned fault ends where the contract says, and is visible to an operator meanwhile. */
@RunningService
@TestPropertySource(
        properties = {
            "millrace.faults.enabled=true",
            "millrace.bus.handlers.confirm.first=5ms",
            "millrace.bus.handlers.export.first=5ms",
            "millrace.bus.handlers.export.attempts=3",
            "millrace.bus.handlers.export.then-every=",
            "millrace.bus.handlers.export.holds-back=true",
            "millrace.bus.handlers.ranking.first=5ms",
            "millrace.bus.sweep-interval=50ms"
        })
@RequiredArgsConstructor
class FaultPlanTests {

    private static final String TO_CONFIRM = "order.confirmed.v1";
    private static final String TO_COUNT = "product.sales-rank-recorded.v1";
    private static final String EXPORTED = "order.exported.v1";

    private final Shop shop;
    private final Ledger ledger;
    private final Books books;

    @Test
    void confirmsInTheEnd() {
        Bought bought = buy("confirm=transient*2");

        awaitStatus(bought, "CONFIRMED");
        assertThat(failuresOf(bought, TO_CONFIRM)).isEqualTo(2);
        awaitSettled(bought);
        assertThat(shop.balanceOf(bought.user())).isEqualTo(6_000);
    }

    @Test
    void givesTheMoneyBackWhenTheConfirmationFailsForGood() {
        Bought bought = buy("confirm=permanent");

        awaitStatus(bought, "CONFIRMATION_FAILED");
        await().untilAsserted(() -> assertThat(shop.balanceOf(bought.user())).isEqualTo(10_000));
        assertThat(now(shop.get("/payments?orderId=" + bought.order()))
                        .body()
                        .at("/data/0/status")
                        .asString())
                .isEqualTo("REFUNDED");
        awaitSettled(bought);
        assertThat(soldOf(bought)).isZero();
        books.assertThatTheyAddUp();
    }

    @Test
    void exportsWhenItIsReDrivenAfterItsAttempts() {
        Bought bought = buy("export=timeout*3");

        JsonNode dead = awaitDead(bought);

        assertThat(dead.path("attempts").asInt()).isEqualTo(3);
        assertThat(dead.path("lastError").asString()).isEqualTo("timed out");
        assertThat(shop.statusOf(bought.order())).isEqualTo("CONFIRMED");
        redrive(dead);
        await().untilAsserted(() -> assertThat(ledger.eventsOf(bought.order())).endsWith(EXPORTED));
    }

    @Test
    void exportsWhenItIsReDrivenAfterAPermanentFailure() {
        Bought bought = buy("export=permanent");

        JsonNode dead = awaitDead(bought);

        assertThat(dead.path("attempts").asInt()).isEqualTo(1);
        assertThat(dead.path("lastError").asString()).isEqualTo("planned: permanent");
        assertThat(shop.statusOf(bought.order())).isEqualTo("CONFIRMED");
        redrive(dead);
        await().untilAsserted(() -> assertThat(ledger.eventsOf(bought.order())).endsWith(EXPORTED));
    }

    @Test
    void countsOnce() {
        Bought bought = buy("ranking=transient*1");

        awaitSettled(bought);
        assertThat(failuresOf(bought, TO_COUNT)).isEqualTo(1);
        assertThat(soldOf(bought)).isEqualTo(1);
    }

    @Test
    void followsAPlanOfSeveralFaults() {
        Bought bought = buy("confirm=transient*1,ranking=transient*2,export=permanent");

        JsonNode dead = awaitDead(bought);
        await().untilAsserted(
                        () -> assertThat(ledger.handlersOwed(bought.order())).isEqualTo(List.of("export")));
        assertThat(failuresOf(bought, TO_CONFIRM)).isEqualTo(1);
        assertThat(failuresOf(bought, TO_COUNT)).isEqualTo(2);
        redrive(dead);
        awaitSettled(bought);

        assertThat(shop.statusOf(bought.order())).isEqualTo("CONFIRMED");
        assertThat(soldOf(bought)).isEqualTo(1);
        books.assertThatTheyAddUp();
    }

    @Test
    void refusesGarbageBeforeAnyMoneyMoves() {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);

        Bound.problem(pay(order, user, "confirm=sometimes"), 400, "validation-failed");

        assertThat(shop.balanceOf(user)).isEqualTo(10_000);
    }

    private record Bought(UUID order, long user, long product) {}

    private Bought buy(String faults) {
        long user = shop.aUserWith(10_000);
        long product = shop.aProduct(4_000);
        UUID order = shop.anOrderOf(user, product, 1);
        pay(order, user, faults).expectStatus().isOk();
        return new Bought(order, user, product);
    }

    private ResponseSpec pay(UUID order, long user, String faults) {
        return shop.tester()
                .post()
                .uri("/payments")
                .contentType(MediaType.APPLICATION_JSON)
                .header("X-Fault", faults)
                .bodyValue(Shop.payment(order, user))
                .exchange();
    }

    private void awaitStatus(Bought bought, String status) {
        await().untilAsserted(() -> assertThat(shop.statusOf(bought.order())).isEqualTo(status));
    }

    private void awaitSettled(Bought bought) {
        await().untilAsserted(
                        () -> assertThat(ledger.deliveriesOf(bought.order())).isZero());
    }

    /** What the operator sees of the order's export. */
    private JsonNode awaitDead(Bought bought) {
        return await().until(
                        () -> now(shop.get("/admin/deliveries?status=DEAD&handler=export&limit=100"))
                                .body()
                                .path("data")
                                .valueStream()
                                .filter(row -> row.path("orderId")
                                        .asString()
                                        .equals(bought.order().toString()))
                                .toList(),
                        found -> found.size() == 1)
                .get(0);
    }

    private void redrive(JsonNode dead) {
        String path = "/admin/deliveries/" + dead.path("id").asString() + "/redrive";
        assertThat(now(shop.post(path, "{\"reason\":\"the platform is back\"}")).status())
                .isEqualTo(202);
    }

    private long failuresOf(Bought bought, String eventType) {
        String sql = "SELECT COUNT(*) FROM delivery_attempt a JOIN event e ON e.id = a.event_id"
                + " WHERE a.outcome = 'FAILED' AND e.aggregate_id = :id AND e.type = '" + eventType + "'";
        return ledger.count(sql, bought.order());
    }

    private long soldOf(Bought bought) {
        return ledger.count(
                "SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM product_sales WHERE product_id = :id",
                bought.product());
    }
}
