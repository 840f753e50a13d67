package dev.millrace.payment;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Books;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.order.OrderConfirmationFailedEvent;
import dev.millrace.order.OrderUseCase;
import dev.millrace.shared.FaultPlan;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.test.context.TestPropertySource;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A paid order ends confirmed, or with its money back; once announced as failed, and never both. The alert's webhook is down
 * all the while. Time is not waited for: a test makes a delivery due instead.
 */
@RunningService
@TestPropertySource(
        properties = {
            "millrace.bus.handlers.confirm.first=5ms",
            "millrace.bus.handlers.confirm.attempts=2",
            "millrace.bus.sweep-interval=50ms",
            "millrace.compensation.stranded-age=0s",
            "millrace.alerts.webhook-url=http://127.0.0.1:9/alerts"
        })
@RequiredArgsConstructor
class CompensationTests {

    private static final String FAILED = "order.confirmation-failed.v1";

    private final Shop shop;
    private final Ledger ledger;
    private final Books books;
    private final PaymentFacadeService facade;
    private final CompensationHandler compensations;
    private final OrderUseCase orders;
    private final RefundService refunds;
    private final StrandedOrders stranded;
    private final MeterRegistry metrics;
    private final TransactionalOperator tx;
    private final DatabaseClient database;

    @Test
    void givesTheMoneyBackAtOnceWhenNothingCanConfirmTheOrder() {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);

        pay(order, user, "confirm=permanent");

        await().untilAsserted(() -> assertThat(shop.balanceOf(user)).isEqualTo(10_000));
        assertThat(shop.statusOf(order)).isEqualTo("CONFIRMATION_FAILED");
        assertThat(ledger.eventsOf(order)).startsWith("order.confirmed.v1", FAILED, "payment.refunded.v1");
        JsonNode failure = payloadOf(order, FAILED);
        assertThat(failure.path("permanent").asBoolean()).isTrue();
        assertThat(failure.path("attempts").asInt()).isEqualTo(1);
        assertThat(failure.path("reason").asString()).isEqualTo("planned: permanent");
        assertThat(payloadOf(order, "payment.refunded.v1").path("origin").asString())
                .isEqualTo("COMPENSATION");
        await().untilAsserted(() -> assertThat(ledger.handlersOwed(order)).containsOnly("alert"));
        books.assertThatTheyAddUp();
    }

    @Test
    void confirmsAnOrderThatFailedAtFirst() {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);

        pay(order, user, "confirm=transient*1");

        await().untilAsserted(() -> assertThat(shop.statusOf(order)).isEqualTo("CONFIRMED"));
        assertThat(ledger.eventsOf(order)).doesNotContain(FAILED);
        assertThat(shop.balanceOf(user)).isEqualTo(6_000);
    }

    @Test
    void givesTheMoneyBackAtTheDeadlineWhenTheAttemptsAreUsedUp() {
        double alarmsBefore = alarms();
        long user = shop.aUserWith(10_000);
        UUID order = anOrderThatCouldNotBeConfirmed(user);

        JsonNode failure = payloadOf(order, FAILED);
        assertThat(failure.path("permanent").asBoolean()).isFalse();
        assertThat(failure.path("attempts").asInt()).isEqualTo(2);
        assertThat(shop.statusOf(order)).isEqualTo("CREATED");
        assertThat(shop.balanceOf(user)).isEqualTo(6_000);
        assertThat(waitOfCompensation(order)).isEqualTo(Duration.ofMinutes(30));
        await().untilAsserted(() -> assertThat(alarms()).isEqualTo(alarmsBefore + 1));

        makeDue(order, "compensate");

        await().untilAsserted(() -> assertThat(shop.balanceOf(user)).isEqualTo(10_000));
        assertThat(shop.statusOf(order)).isEqualTo("CONFIRMATION_FAILED");

        makeDue(order, "confirm");

        await().untilAsserted(() -> assertThat(ledger.handlersOwed(order)).doesNotContain("confirm"));
        assertThat(shop.statusOf(order)).isEqualTo("CONFIRMATION_FAILED");
        assertThat(shop.balanceOf(user)).isEqualTo(10_000);
        books.assertThatTheyAddUp();
    }

    @Test
    void keepsTheMoneyOfAnOrderThatWasConfirmedBeforeTheDeadline() {
        long user = shop.aUserWith(10_000);
        UUID order = anOrderThatCouldNotBeConfirmed(user);

        makeDue(order, "confirm");
        await().untilAsserted(() -> assertThat(shop.statusOf(order)).isEqualTo("CONFIRMED"));
        makeDue(order, "compensate");

        await().untilAsserted(() -> assertThat(ledger.handlersOwed(order)).doesNotContain("compensate"));
        assertThat(shop.statusOf(order)).isEqualTo("CONFIRMED");
        assertThat(shop.balanceOf(user)).isEqualTo(6_000);
        assertThat(ledger.eventsOf(order)).doesNotContain("payment.refunded.v1");
        books.assertThatTheyAddUp();
    }

    @Test
    void givesTheMoneyBackOfAnOrderThatWasCancelledBeforeTheDeadline() {
        long user = shop.aUserWith(10_000);
        UUID order = anOrderThatCouldNotBeConfirmed(user);

        assertThat(now(shop.cancel(order)).status()).isEqualTo(200);
        makeDue(order, "compensate");
        await().untilAsserted(() -> assertThat(shop.balanceOf(user)).isEqualTo(10_000));
        makeDue(order, "confirm");

        await().untilAsserted(() -> assertThat(ledger.handlersOwed(order)).doesNotContain("confirm"));
        assertThat(shop.statusOf(order)).isEqualTo("CANCELLED");
        books.assertThatTheyAddUp();
    }

    @Test
    void givesBackOnlyWhatIsLeft() {
        long user = shop.aUserWith(10_000);
        UUID order = anOrderThatCouldNotBeConfirmed(user);
        String payment = now(shop.get("/payments?orderId=" + order))
                .body()
                .path("data")
                .path(0)
                .path("id")
                .asString();

        now(shop.post("/payments/" + payment + "/refunds", "{\"amount\":1500,\"reason\":\"waited too long\"}"));
        assertThat(shop.statusOf(order)).isEqualTo("CREATED");
        makeDue(order, "compensate");

        await().untilAsserted(() -> assertThat(shop.balanceOf(user)).isEqualTo(10_000));
        assertThat(shop.statusOf(order)).isEqualTo("CONFIRMATION_FAILED");
        books.assertThatTheyAddUp();
    }

    @Test
    void compensatesOnceHoweverOftenItIsRepeated() {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);
        Payment payment = payUnhandled(order, user);
        var failure = new OrderConfirmationFailedEvent(order, payment.id(), "no stock", true, 1);

        for (int time = 0; time < 3; time++) {
            compensations.handle(failure).as(tx::transactional).block(Duration.ofSeconds(5));
        }

        assertThat(ledger.count("SELECT COUNT(*) FROM refund WHERE payment_id = :id", payment.id()))
                .isEqualTo(1);
        assertThat(shop.balanceOf(user)).isEqualTo(10_000);
        assertThat(shop.statusOf(order)).isEqualTo("CONFIRMATION_FAILED");
        books.assertThatTheyAddUp();
    }

    /** The client's refund holds the order when the compensation begins, and leaves nothing to give back. */
    @Test
    void isDoneIfTheClientWasFaster() {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);
        Payment payment = payUnhandled(order, user);
        now(shop.post("/orders/" + order + "/cancel", ""));
        var failure = new OrderConfirmationFailedEvent(order, payment.id(), "cancelled", true, 1);

        Mono<Refund> byTheClient = orders.holdOrder(order)
                .then(Mono.delay(Duration.ofMillis(300)))
                .then(refunds.refund(new RefundCommand(payment.id(), null, "mine", RefundOrigin.CLIENT)))
                .as(tx::transactional);
        Mono<Void> compensation = Mono.delay(Duration.ofMillis(100))
                .then(compensations.handle(failure))
                .as(tx::transactional);
        Mono.when(byTheClient, compensation).as(StepVerifier::create).verifyComplete();

        assertThat(shop.balanceOf(user)).isEqualTo(10_000);
        books.assertThatTheyAddUp();
    }

    @Test
    void findsPaidOrdersThatNothingWillEverHappenTo() {
        long user = shop.aUserWith(10_000);
        UUID waiting = anOrderThatCouldNotBeConfirmed(user);
        UUID forgotten = shop.anOrder(user, 1_000);
        UUID unpaid = shop.anOrder(user, 1_000);
        UUID withdrawn = shop.anOrder(user, 1_000);
        Payment payment = payUnhandled(forgotten, user);
        payUnhandled(withdrawn, user);
        now(shop.cancel(withdrawn));

        List<UUID> found = now(stranded.findStranded());

        assertThat(found).contains(forgotten, withdrawn).doesNotContain(waiting, unpaid);
        assertThat(metrics.get("millrace.orders.stranded").gauge().value()).isEqualTo(found.size());

        now(shop.post("/payments/" + payment.id() + "/refunds", "{\"reason\":\"forgotten\"}"));

        assertThat(now(stranded.findStranded())).doesNotContain(forgotten);
    }

    private Payment pay(UUID order, long user, String faults) {
        return now(facade.requestPayment(new PaymentCommand(order, user, null))
                .contextWrite(FaultPlan.sent(faults)::addTo));
    }

    /** Nothing is owed for the payment, as if a bug had lost it. */
    private Payment payUnhandled(UUID order, long user) {
        return now(facade.requestPayment(new PaymentCommand(order, user, null))
                .delayUntil(paid -> database.sql("DELETE FROM delivery WHERE aggregate_id = :id")
                        .bind("id", order)
                        .then())
                .as(tx::transactional));
    }

    /** Two attempts fail and there are no more; a third one would succeed. */
    private UUID anOrderThatCouldNotBeConfirmed(long user) {
        UUID order = shop.anOrder(user, 4_000);
        pay(order, user, "confirm=transient*2");
        await().untilAsserted(() -> assertThat(ledger.eventsOf(order)).contains(FAILED));
        return order;
    }

    /** What an operator or the time would do. */
    private void makeDue(UUID order, String handler) {
        Long rows = now(database.sql("""
                        UPDATE delivery SET status = 'RETRY', attempts = 0, next_attempt_at = :now
                         WHERE aggregate_id = :id AND handler = :handler
                        """)
                .bind("now", Instant.now())
                .bind("id", order)
                .bind("handler", handler)
                .fetch()
                .rowsUpdated());
        assertThat(rows).isEqualTo(1);
    }

    private Duration waitOfCompensation(UUID order) {
        return now(database.sql("""
                        SELECT created_at, next_attempt_at FROM delivery
                         WHERE aggregate_id = :id AND handler = 'compensate'
                        """)
                .bind("id", order)
                .map(row -> Duration.between(
                        Objects.requireNonNull(row.get("created_at", Instant.class)),
                        row.get("next_attempt_at", Instant.class)))
                .one());
    }

    private JsonNode payloadOf(UUID order, String type) {
        return now(database.sql("SELECT payload FROM event WHERE aggregate_id = :id AND type = :type")
                .bind("id", order)
                .bind("type", type)
                .map(row -> JsonMapper.shared().readTree(row.get("payload", String.class)))
                .one());
    }

    private double alarms() {
        return metrics.get("millrace.order.confirmation.failed").counter().count();
    }
}
