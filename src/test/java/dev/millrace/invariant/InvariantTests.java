package dev.millrace.invariant;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Ledger;
import dev.millrace.harness.Reply;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.health.contributor.Status;
import org.springframework.http.MediaType;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.test.context.TestPropertySource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/** What the service promises of its books is looked at, and seen when it is broken. On a database of its own, as it breaks it. */
@RunningService
@TestPropertySource(properties = {"millrace.faults.enabled=true", "millrace.invariants.interval=1d"})
@RequiredArgsConstructor
class InvariantTests {

    private static final String[] NAMES = {
        "balance-is-its-last-entry",
        "entry-continues-the-one-before",
        "payment-has-one-debit",
        "debit-has-a-payment",
        "refunds-never-exceed-the-payment",
        "refund-is-credited-once",
        "confirmed-order-has-a-live-payment",
        "failed-confirmation-is-refunded",
        "paid-order-is-decided-or-owed",
        "export-is-done-or-owed",
        "event-sequences-have-no-gap",
        "ranking-is-what-was-confirmed"
    };

    private static final String BALANCE = "UPDATE balance SET amount = amount %s 1 WHERE user_id = {user}";
    private static final String BREAK_A_BALANCE = BALANCE.formatted("+");
    private static final String MEND_THE_BALANCE = BALANCE.formatted("-");
    private static final String TYPE = "UPDATE event SET type = '%%s' WHERE causation_id = '{%s}'";
    private static final String SALES = "UPDATE product_sales SET %s WHERE product_id = {product}";

    private final Shop shop;
    private final Ledger ledger;
    private final DatabaseClient database;
    private final MeterRegistry metrics;
    private final InvariantWatch watch;

    /** A statement that breaks the books or mends them, and which of the ids is to be found in between. */
    record Damage(String name, String found, String sql, String broken, String right) {}

    @BeforeEach
    void looksFromTheBeginning() {
        execute("DELETE FROM invariant_watermark");
    }

    @Test
    void findsNothingWrongAfterPaymentsRefundsAndCompensation() {
        aPartlyRefundedOrder();
        aCompensatedOrder();
        aRefundedOrder();

        JsonNode report = report();

        assertThat(report.propertyNames()).containsExactly("ok", "checks");
        assertThat(report.path("ok").asBoolean()).isTrue();
        assertThat(report.path("checks").valueStream().map(check -> check.path("name")
                        .asString()))
                .containsExactly(NAMES);
        assertThat(report.path("checks")).allSatisfy(check -> {
            assertThat(check.propertyNames()).containsExactly("name", "ok", "violations", "sample");
            assertThat(check.path("violations").asLong()).isZero();
            assertThat(check.path("sample")).isEmpty();
        });
    }

    @Test
    void findsNothingWrongWhilePaymentsAreBeingMade() {
        long user = shop.aUserWith(1_000_000);
        long product = shop.aProduct(1);
        Mono<List<JsonNode>> looking = Mono.delay(Duration.ofMillis(500))
                .then(shop.get("/admin/invariants"))
                .map(Reply::body)
                .repeat(2)
                .collectList()
                .cache();

        long paid = now(Flux.range(0, 100_000)
                .flatMap(number -> shop.order(user, product, 1), 4)
                .flatMap(order -> shop.pay(order.id(), user), 4)
                .takeUntilOther(looking)
                .count());

        assertThat(paid).isPositive();
        assertThat(now(looking)).hasSize(3).allSatisfy(report -> assertThat(
                        report.path("ok").asBoolean())
                .as("%s", report)
                .isTrue());
    }

    @ParameterizedTest
    @MethodSource("damages")
    void seesWhatIsBrokenUntilItIsMended(Damage damage) {
        Map<String, String> ids = aPartlyRefundedOrder();

        execute(damage.sql().formatted(damage.broken()), ids);

        try {
            assertThatItIsViolatedBy(damage.name(), ids.get(damage.found()));
        } finally {
            execute(damage.sql().formatted(damage.right()), ids);
        }
        assertThat(check(damage.name()).path("ok").asBoolean()).isTrue();
    }

    static Stream<Damage> damages() {
        String entry = "UPDATE balance_entry SET %s WHERE id = '{";
        String status = " SET status = '%s' WHERE id = '{";
        return Stream.of(
                new Damage(NAMES[0], "user", BALANCE, "+", "-"),
                new Damage(NAMES[1], "credit", entry + "credit}'", "balance_after = 1", "balance_after = 8500"),
                new Damage(NAMES[1], "credit", entry + "credit}'", "sequence = 9", "sequence = 3"),
                new Damage(NAMES[2], "payment", entry + "debit}'", "amount = -1", "amount = -2000"),
                new Damage(NAMES[2], "payment", entry + "debit}'", "reference = NULL", "reference = '{payment}'"),
                new Damage(NAMES[3], "debit", entry + "debit}'", "reference = NULL", "reference = '{payment}'"),
                new Damage(NAMES[4], "payment", "UPDATE refund SET amount = %s WHERE id = '{refund}'", "9000", "500"),
                new Damage(NAMES[5], "refund", entry + "credit}'", "reference = NULL", "reference = '{refund}'"),
                new Damage(
                        NAMES[6], "order", "UPDATE payment" + status + "payment}'", "REFUNDED", "PARTIALLY_REFUNDED"),
                new Damage(NAMES[6], "order", "UPDATE orders" + status + "order}'", "REFUNDED", "CONFIRMED"),
                new Damage(NAMES[8], "order", "UPDATE orders" + status + "order}'", "CREATED", "CONFIRMED"),
                new Damage(NAMES[8], "order", "UPDATE orders" + status + "order}'", "CANCELLED", "CONFIRMED"),
                new Damage(NAMES[9], "request", TYPE.formatted("request"), "x", "order.exported.v1"),
                new Damage(NAMES[9], "refunded", TYPE.formatted("refunded"), "x", "refund.exported.v1"),
                new Damage(
                        NAMES[10], "order", "UPDATE event SET sequence = sequence %s 1 WHERE id = '{last}'", "+", "-"),
                new Damage(NAMES[11], "product", SALES, "quantity = 3", "quantity = 2"),
                new Damage(NAMES[11], "product", SALES, "revenue = 1", "revenue = 2000"));
    }

    @Test
    void seesAFailedConfirmationThatWasNotRefundedInTime() {
        Map<String, String> ids = aCompensatedOrder();
        String name = "failed-confirmation-is-refunded";

        execute("UPDATE payment SET status = 'SUCCESS' WHERE order_id = '{order}'", ids);
        try {
            assertThat(check(name).path("ok").asBoolean()).as("in time").isTrue();

            execute("DELETE FROM invariant_watermark");
            anHourEarlier("order.confirmation-failed.v1", ids);

            assertThatItIsViolatedBy(name, ids.get("order"));
        } finally {
            execute("UPDATE payment SET status = 'REFUNDED' WHERE order_id = '{order}'", ids);
        }
        assertThat(check(name).path("ok").asBoolean()).isTrue();
    }

    /** Neither is counted: what an operator has dropped, and what was taken back while an earlier refund's delivery is dead. */
    @Test
    void countsInTheRankingWhatWasHandled() {
        Map<String, String> dropped = aPartlyRefundedOrder();
        execute("DELETE FROM product_sales WHERE product_id = {product}", dropped);
        String dropping = """
                INSERT INTO delivery_attempt (id, delivery_id, event_id, handler, attempt, outcome, reason, at)
                SELECT id, id, id, 'ranking', 1, 'DISCARDED', 'dropped', occurred_at FROM event
                 WHERE aggregate_id = '{order}' AND type = 'product.sales-rank-recorded.v1'
                """;
        String name = "ranking-is-what-was-confirmed";
        assertThatItIsViolatedBy(name, dropped.get("product"));
        execute(dropping, dropped);

        Map<String, String> refunded = aPartlyRefundedOrder();
        now(shop.post("/payments/" + refunded.get("payment") + "/refunds", "{\"reason\":\"the rest\"}"));
        await().until(() -> ledger.deliveriesOf(UUID.fromString(refunded.get("order"))) == 0);
        execute("""
                INSERT INTO delivery (id, event_id, handler, aggregate_id, sequence, status, attempts, fence, created_at, owed_since)
                SELECT id, id, 'ranking', aggregate_id, sequence, 'DEAD', 1, 1, occurred_at, occurred_at
                  FROM event WHERE id = '{refunded}'
                """, refunded);

        assertThat(check(name).path("ok").asBoolean()).isTrue();
    }

    /** The ids of a payment and its debit are drawn one after the other, and the mark may come to lie between them. */
    @Test
    void findsTheDebitThatDrewItsIdJustBeforeTheMark() {
        Map<String, String> ids = aPartlyRefundedOrder();
        UUID payment = UUID.fromString(ids.get("payment"));
        String earlier = new UUID(payment.getMostSignificantBits() - (1_000L << 16), 1).toString();
        String move = "UPDATE balance_entry SET id = '%s' WHERE user_id = {user} AND sequence = 2";
        execute(move.formatted(earlier), ids);
        try {
            setMark(NAMES[2], Instant.ofEpochMilli(payment.getMostSignificantBits() >>> 16));

            assertThat(check(NAMES[2]).path("ok").asBoolean()).isTrue();
        } finally {
            execute(move.formatted(ids.get("debit")), ids);
        }
    }

    /** That the export of an event was dropped says nothing of its ranking, and the other way round. */
    @Test
    void excusesOnlyTheHandlerWhoseDeliveryWasDropped() {
        Map<String, String> ids = aRefundedOrder();
        String drop = """
                INSERT INTO delivery_attempt (id, delivery_id, event_id, handler, attempt, outcome, reason, at)
                VALUES (GEN_RANDOM_UUID(), GEN_RANDOM_UUID(), '{refunded}', '%s', 1, 'DISCARDED', 'dropped', CURRENT_TIMESTAMP)
                """;
        String ranking = "ranking-is-what-was-confirmed";
        String export = "export-is-done-or-owed";
        execute("UPDATE product_sales SET quantity = 2, revenue = 2000 WHERE product_id = {product}", ids);
        execute(TYPE.formatted("refunded").formatted("x"), ids);

        assertThatItIsViolatedBy(ranking, ids.get("product"));
        execute(drop.formatted("ranking"), ids);
        assertThat(check(ranking).path("ok").asBoolean()).isTrue();
        assertThatItIsViolatedBy(export, ids.get("refunded"));
        execute(drop.formatted("export"), ids);
        assertThat(check(export).path("ok").asBoolean()).isTrue();
    }

    /** An order of the hour before the mark's, and one refunded after the mark: neither hour is compared by halves. */
    @Test
    void comparesWholeHoursFromTheMarkOn() {
        Map<String, String> before = aPartlyRefundedOrder();
        Map<String, String> within = aRefundedOrder();
        execute(
                "UPDATE product_sales SET sold_hour = sold_hour - INTERVAL '1' HOUR WHERE product_id = {product}",
                before);
        execute("UPDATE orders SET confirmed_at = confirmed_at - INTERVAL '1' HOUR WHERE id = '{order}'", before);
        anHourEarlier("product.sales-rank-recorded.v1", before);
        String name = "ranking-is-what-was-confirmed";

        setMark(name, Instant.now());

        assertThat(check(name).path("ok").asBoolean()).isTrue();
        execute("UPDATE product_sales SET quantity = 1 WHERE product_id = {product}", within);
        try {
            assertThatItIsViolatedBy(name, within.get("product"));
        } finally {
            execute("UPDATE product_sales SET quantity = 0 WHERE product_id = {product}", within);
        }
    }

    @Test
    void looksOnlyAtWhatCameAfterTheMark() {
        Map<String, String> ids = aPartlyRefundedOrder();
        setMark(NAMES[0], Instant.now().plusSeconds(60));

        execute(BREAK_A_BALANCE, ids);
        try {
            assertThat(check(NAMES[0]).path("ok").asBoolean()).isTrue();
        } finally {
            execute(MEND_THE_BALANCE, ids);
        }
    }

    @Test
    void tellsWhatItSawAsHealthAndAsGauges() {
        Map<String, String> ids = aPartlyRefundedOrder();
        assertThat(report().path("ok").asBoolean()).isTrue();
        execute(BREAK_A_BALANCE, ids);
        try {
            look();
            assertThat(now(watch.health()).getStatus()).isEqualTo(Status.DOWN);
            assertThat(now(watch.health()).getDetails()).containsEntry(NAMES[0], 1L);
            assertThat(gauge(NAMES[0])).isEqualTo(1);
            assertThat(gauge(NAMES[1])).isZero();
            assertThat(now(shop.get("/actuator/health")).status()).isEqualTo(503);
        } finally {
            execute(MEND_THE_BALANCE, ids);
        }

        look();

        assertThat(now(watch.health()).getStatus()).isEqualTo(Status.UP);
        assertThat(gauge(NAMES[0])).isZero();
        assertThat(now(shop.get("/actuator/health")).status()).isEqualTo(200);
    }

    /** Two of one product, paid, confirmed, exported and counted; a part of the money went back. */
    private Map<String, String> aPartlyRefundedOrder() {
        return refunded(aPaidOrder(""), "{\"amount\":500,\"reason\":\"scratched\"}");
    }

    private Map<String, String> aRefundedOrder() {
        return refunded(aPaidOrder(""), "{\"reason\":\"changed my mind\"}");
    }

    private Map<String, String> aCompensatedOrder() {
        return aPaidOrder("confirm=permanent");
    }

    private Map<String, String> aPaidOrder(String faults) {
        long user = shop.aUserWith(10_000);
        long product = shop.aProduct(1_000);
        UUID order = shop.anOrderOf(user, product, 2);
        shop.tester()
                .post()
                .uri("/payments")
                .contentType(MediaType.APPLICATION_JSON)
                .headers(headers -> {
                    if (!faults.isEmpty()) {
                        headers.set("X-Fault", faults);
                    }
                })
                .bodyValue(Shop.payment(order, user))
                .exchange()
                .expectStatus()
                .isOk();
        awaitSettled(order);
        Map<String, String> ids = new HashMap<>();
        ids.put("user", String.valueOf(user));
        ids.put("product", String.valueOf(product));
        ids.put("order", order.toString());
        ids.put("payment", id("SELECT id FROM payment WHERE order_id = '{order}'", ids));
        ids.put("debit", id("SELECT id FROM balance_entry WHERE user_id = {user} AND sequence = 2", ids));
        return ids;
    }

    private Map<String, String> refunded(Map<String, String> ids, String request) {
        ids.put(
                "refund",
                now(shop.post("/payments/" + ids.get("payment") + "/refunds", request))
                        .text("id"));
        awaitSettled(UUID.fromString(ids.get("order")));
        String event = "SELECT id FROM event WHERE aggregate_id = '{order}' AND ";
        ids.put("credit", id("SELECT id FROM balance_entry WHERE user_id = {user} AND sequence = 3", ids));
        ids.put("request", id(event + "type = 'order.export-requested.v1'", ids));
        ids.put("refunded", id(event + "type = 'payment.refunded.v1'", ids));
        ids.put("last", id(event + "type = 'refund.exported.v1'", ids));
        return ids;
    }

    private void awaitSettled(UUID order) {
        await().until(() -> ledger.deliveriesOf(order) == 0);
    }

    private void assertThatItIsViolatedBy(String name, String id) {
        JsonNode check = check(name);

        assertThat(check.path("ok").asBoolean()).isFalse();
        assertThat(check.path("violations").asLong()).isEqualTo(1);
        assertThat(check.path("sample").valueStream().map(JsonNode::asString)).containsExactly(id);
    }

    private JsonNode check(String name) {
        return report().path("checks")
                .valueStream()
                .filter(check -> check.path("name").asString().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** Of this moment: a report is shared by all who ask within a tenth of a second. */
    private JsonNode report() {
        passTheSharedReport();
        Reply reply = now(shop.get("/admin/invariants"));
        assertThat(reply.status()).isEqualTo(200);
        return reply.body();
    }

    private void look() {
        passTheSharedReport();
        now(watch.look().thenReturn(true));
    }

    private static void passTheSharedReport() {
        Mono.delay(Duration.ofMillis(150)).block();
    }

    private double gauge(String name) {
        return metrics.get("millrace.invariant.violations")
                .tag("check", name)
                .gauge()
                .value();
    }

    /** An event of the order has been drawn its id so much earlier. */
    private void anHourEarlier(String type, Map<String, String> ids) {
        UUID id = UUID.fromString(
                id("SELECT id FROM event WHERE aggregate_id = '{order}' AND type = '" + type + "'", ids));
        long hour = Duration.ofHours(1).toMillis() << 16;
        UUID earlier = new UUID(id.getMostSignificantBits() - hour, id.getLeastSignificantBits());
        execute("UPDATE event SET id = '%s' WHERE id = '%s'".formatted(earlier, id));
    }

    private void setMark(String name, Instant mark) {
        execute("INSERT INTO invariant_watermark (name, mark) VALUES ('%s', '%s')".formatted(name, mark));
    }

    private String id(String sql, Map<String, String> ids) {
        return now(database.sql(filled(sql, ids))
                .map(row -> Objects.requireNonNull(row.get(0)).toString())
                .one());
    }

    private void execute(String sql) {
        execute(sql, Map.of());
    }

    private void execute(String sql, Map<String, String> ids) {
        database.sql(filled(sql, ids)).then().block(Duration.ofSeconds(5));
    }

    private static String filled(String sql, Map<String, String> ids) {
        String filled = sql;
        for (Map.Entry<String, String> id : ids.entrySet()) {
            filled = filled.replace("{" + id.getKey() + "}", id.getValue());
        }
        return filled;
    }
}
