package dev.millrace.event;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.EventBench.Happened;
import dev.millrace.event.EventBench.Here;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.Reply;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/** Operators see what is owed and why, and send on or drop what was given up; each of it leaves its reason. */
@RunningService
class DeliveryAdminTests {

    private static final RetryPolicy TWICE =
            new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(1), 2, null, Duration.ofDays(1), true);

    private final Shop shop;
    private final Ledger ledger;
    private final DatabaseClient database;
    private final Here here = new Here();
    private final EventBench bench;
    private final UUID aggregate = UUID.randomUUID();

    DeliveryAdminTests(Shop shop, Ledger ledger, DatabaseClient database, TransactionalOperator tx) {
        this.shop = shop;
        this.ledger = ledger;
        this.database = database;
        this.bench = new EventBench(database, tx, 0, TWICE, here);
    }

    @Test
    void listsWhatIsOwedNewestFirst() {
        publish(3);

        JsonNode rows = list("").body().path("data");

        assertThat(rows).hasSize(3);
        assertThat(rows.valueStream().map(row -> row.path("id").asString()).toList())
                .isSortedAccordingTo((one, other) -> other.compareTo(one));
        JsonNode row = rows.path(2);
        assertThat(row.propertyNames())
                .containsExactlyInAnyOrder(
                        "id",
                        "handler",
                        "eventId",
                        "eventType",
                        "orderId",
                        "status",
                        "attempts",
                        "nextAttemptAt",
                        "lastError",
                        "createdAt");
        assertThat(row.path("handler").asString()).isEqualTo(here.name());
        assertThat(row.path("eventType").asString()).isEqualTo("test.happened.v1");
        assertThat(row.path("status").asString()).isEqualTo("PENDING");
        assertThat(row.path("lastError").isNull()).isTrue();
        assertThat(Instant.parse(row.path("nextAttemptAt").asString())).isEqualTo(bench.clock.instant());
    }

    @Test
    void listsByStatusPageByPage() {
        here.effect = event -> event.number() < 5 ? Mono.error(new PermanentFailure("broken")) : Mono.empty();
        publish(5);
        attemptAll();
        publish(2);

        Reply first = list("&status=DEAD&limit=3");
        Reply second = list("&status=DEAD&limit=3&cursor=" + first.text("nextCursor"));

        assertThat(first.body().path("data")).hasSize(3);
        assertThat(second.body().path("data")).hasSize(2);
        assertThat(second.body().path("nextCursor").isNull()).isTrue();
        assertThat(first.body().path("data"))
                .allSatisfy(row -> assertThat(row.path("status").asString()).isEqualTo("DEAD"))
                .allSatisfy(
                        row -> assertThat(row.path("nextAttemptAt").isNull()).isTrue())
                .allSatisfy(row -> assertThat(row.path("lastError").asString()).isEqualTo("broken"));
        assertThat(list("&status=PENDING").body().path("data")).hasSize(2);
        assertThat(list("&status=RETRY").body().path("data")).isEmpty();
    }

    @Test
    void refusesACursorOfOtherFilters() {
        publish(2);
        String cursor = list("&limit=1").text("nextCursor");

        assertThat(list("&status=PENDING&cursor=" + cursor).code()).isEqualTo("invalid-cursor");
        assertThat(now(shop.get("/admin/deliveries?cursor=" + cursor)).code()).isEqualTo("invalid-cursor");
        assertThat(list("&cursor=xx").status()).isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"?status=dead", "?status=", "?limit=0", "?limit=101", "?handler=", "/groups?status=X", "/xx"})
    void refusesWhatItCannotUnderstand(String query) {
        Reply refused = now(shop.get("/admin/deliveries" + query));

        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.code()).isEqualTo("validation-failed");
    }

    @Test
    void showsOneWithItsHistoryAndItsEvent() {
        here.effect = event -> Mono.error(new TransientFailure("closed on monday"));
        bench.publish(new Happened(aggregate, 7));
        attemptAll();
        attemptAll();

        Reply reply = now(shop.get("/admin/deliveries/" + onlyId("")));

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.text("status")).isEqualTo("DEAD");
        assertThat(reply.text("orderId")).isEqualTo(aggregate.toString());
        assertThat(reply.body().path("payload").path("number").asInt()).isEqualTo(7);
        assertThat(outcomes(reply)).containsExactly("1 FAILED closed on monday", "2 GIVEN_UP closed on monday");
        assertThat(reply.body().path("failedAttempts").path(0).path("at").asString())
                .endsWith("Z");
    }

    @Test
    void showsAPayloadThatIsNotJsonAsItIs() {
        bench.publish(new Happened(aggregate, 7));
        database.sql("UPDATE event SET payload = '{\"number\": 1' WHERE aggregate_id = :id")
                .bind("id", aggregate)
                .then()
                .block();

        Reply reply = now(shop.get("/admin/deliveries/" + onlyId("")));

        assertThat(reply.text("payload")).isEqualTo("{\"number\": 1");
    }

    @Test
    void knowsNothingOfADeliveryThatIsNotOwed() {
        String path = "/admin/deliveries/" + UUID.randomUUID();

        assertThat(now(shop.get(path)).code()).isEqualTo("delivery-not-found");
        assertThat(post(path + "/redrive", reason("x")).code()).isEqualTo("delivery-not-found");
        assertThat(post(path + "/discard", reason("x")).status()).isEqualTo(404);
    }

    @Test
    void groupsByCauseLargestFirst() {
        here.effect = event -> Mono.error(new PermanentFailure(event.number() % 3 == 0 ? "rare" : "frequent"));
        publish(7);
        attemptAll();
        publish(1);

        JsonNode groups = groups("&status=DEAD");

        assertThat(groups).hasSize(2);
        assertThat(groups.valueStream()
                        .map(group -> group.path("count").asLong() + " "
                                + group.path("error").asString())
                        .toList())
                .containsExactly("4 frequent", "3 rare");
        assertThat(groups.path(0).path("handler").asString()).isEqualTo(here.name());
        assertThat(groups.path(0).path("eventType").asString()).isEqualTo("test.happened.v1");
        assertThat(Instant.parse(groups.path(0).path("oldest").asString()))
                .isBeforeOrEqualTo(Instant.parse(groups.path(0).path("newest").asString()));
        assertThat(groups("")).hasSize(3).last().satisfies(group -> assertThat(
                        group.path("error").isNull())
                .isTrue());
    }

    @Test
    void sendsADeadDeliveryOnAsTheOneItWas() {
        here.effect = event -> Mono.error(new PermanentFailure("broken"));
        bench.publish(new Happened(aggregate, 1));
        Delivery dead = attemptAll().get(0);

        Reply reply = post("/admin/deliveries/" + dead.id() + "/redrive", reason("mended"));

        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.text("status")).isEqualTo("RETRY");
        assertThat(reply.number("attempts")).isZero();
        assertThat(reply.text("eventId")).isEqualTo(dead.event().id().toString());
        here.effect = event -> Mono.empty();
        Delivery again = bench.claim(here).get(0);
        assertThat(again.id()).isEqualTo(dead.id());
        assertThat(again.event()).isEqualTo(dead.event());
        assertThat(again.attempts()).isEqualTo(1);
        assertThat(again.fence()).isEqualTo(dead.fence() + 2);
        assertThat(outcomes(now(shop.get("/admin/deliveries/" + dead.id()))))
                .containsExactly("1 GIVEN_UP broken", "1 REDRIVEN mended");
        bench.attempt(again);
        assertThat(here.handled).containsExactly(new Happened(aggregate, 1));
        assertThat(bench.owed(here)).isEmpty();
        assertThat(historyOf(dead.id())).isEqualTo(2);
    }

    /** Its age begins anew: or it would be given up at the first failure after a long rest. */
    @Test
    void triesAReDrivenDeliveryAsLongAsANewOne() {
        here.effect = event -> Mono.error(new TransientFailure("closed"));
        bench.publish(new Happened(aggregate, 1));
        attemptAll();
        UUID id = attemptAll().get(0).id();
        database.sql("UPDATE delivery SET created_at = :past, owed_since = :past WHERE id = :id")
                .bind("past", Instant.now().minus(Duration.ofDays(30)))
                .bind("id", id)
                .then()
                .block();

        post("/admin/deliveries/" + id + "/redrive", reason("once more"));
        bench.attempt(bench.claim(here).get(0));

        assertThat(bench.owed(here)).extracting(EventBench.Row::status).containsExactly("RETRY");
    }

    @Test
    void letsLaterEventsFollowTheOneThatHeldThemBack() {
        here.effect = event -> event.number() == 1 ? Mono.error(new PermanentFailure("broken")) : Mono.empty();
        bench.publish(new Happened(aggregate, 1));
        UUID dead = attemptAll().get(0).id();
        bench.publish(new Happened(aggregate, 2));
        assertThat(attemptAll()).isEmpty();

        here.effect = event -> Mono.empty();
        post("/admin/deliveries/" + dead + "/redrive", reason("mended"));
        attemptAll();
        attemptAll();

        assertThat(here.handled).extracting(Happened::number).containsExactly(1, 2);
    }

    @Test
    void refusesToTouchWhatIsOnItsWay() {
        publish(1);
        String path = "/admin/deliveries/" + onlyId("");

        Reply redrive = post(path + "/redrive", reason("x"));
        Reply discard = post(path + "/discard", reason("x"));

        assertThat(redrive.status()).isEqualTo(409);
        assertThat(redrive.code()).isEqualTo("illegal-transition");
        assertThat(redrive.text("deliveryStatus")).isEqualTo("PENDING");
        assertThat(discard.status()).isEqualTo(409);
        assertThat(bench.owed(here)).hasSize(1);
    }

    @Test
    void letsOneOfManyReDriveADelivery() {
        here.effect = event -> Mono.error(new PermanentFailure("broken"));
        publish(1);
        UUID id = attemptAll().get(0).id();

        List<Reply> replies = now(Flux.range(0, 20)
                .flatMap(time -> shop.post("/admin/deliveries/" + id + "/redrive", reason("at once")), 20)
                .collectList());

        assertThat(replies).filteredOn(reply -> reply.status() == 202).hasSize(1);
        assertThat(replies)
                .filteredOn(reply -> reply.code().equals("illegal-transition"))
                .hasSize(19);
        assertThat(historyOf(id)).isEqualTo(2);
    }

    @Test
    void dropsADeadDeliveryAndKeepsWhy() {
        here.effect = event -> Mono.error(new PermanentFailure("broken"));
        publish(1);
        UUID id = attemptAll().get(0).id();

        Reply reply = post("/admin/deliveries/" + id + "/discard", reason("nobody wants it"));

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.text("status")).isEqualTo("DEAD");
        assertThat(bench.owed(here)).isEmpty();
        assertThat(ledger.count(
                        "SELECT COUNT(*) FROM delivery_attempt WHERE delivery_id = :id"
                                + " AND outcome = 'DISCARDED' AND reason = 'nobody wants it'",
                        id))
                .isEqualTo(1);
        assertThat(now(shop.get("/admin/deliveries/" + id)).status()).isEqualTo(404);
        assertThat(post("/admin/deliveries/" + id + "/discard", reason("again")).status())
                .isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"reason\":null}",
                "{\"reason\":\"  \"}",
                "{\"reason\":\"x\",\"force\":true}",
                "{\"reason\":1}"
            })
    void asksForAReason(String body) {
        String path = "/admin/deliveries/" + UUID.randomUUID();

        assertThat(post(path + "/redrive", body).code()).isEqualTo("validation-failed");
        assertThat(post(path + "/discard", body).code()).isEqualTo("validation-failed");
    }

    @Test
    void boundsTheReason() {
        String path = "/admin/deliveries/" + UUID.randomUUID() + "/redrive";

        assertThat(post(path, reason("x".repeat(500))).status()).isEqualTo(404);
        assertThat(post(path, reason("x".repeat(501))).status()).isEqualTo(400);
    }

    @Test
    void countsWithoutChangingAnythingOnADryRun() {
        here.effect = event -> Mono.error(new PermanentFailure("broken"));
        publish(3);
        attemptAll();
        publish(1);

        Reply reply = redriveAll(",\"dryRun\":true");

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.number("matched")).isEqualTo(3);
        assertThat(bench.owed(here))
                .filteredOn(row -> row.status().equals("DEAD"))
                .hasSize(3);
    }

    @Test
    void sendsOnWhatMatchesAllThatIsGiven() {
        here.effect = event -> Mono.error(new PermanentFailure(event.number() % 3 == 0 ? "rare" : "frequent"));
        publish(7);
        attemptAll();

        assertThat(redriveAll(",\"error\":\"unheard of\"").number("matched")).isZero();
        assertThat(redriveAll(",\"eventType\":\"test.told.v1\"").number("matched"))
                .isZero();
        Reply reply = redriveAll(",\"error\":\"rare\",\"eventType\":\"test.happened.v1\",\"reason\":\"mended\"");

        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.number("matched")).isEqualTo(3);
        assertThat(groups("&status=DEAD")).hasSize(1);
        assertThat(list("&status=RETRY").body().path("data")).hasSize(3);
        assertThat(redriveAll("").number("matched")).isEqualTo(4);
        assertThat(redriveAll("").number("matched")).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{\"handler\":\"\"}", "{\"status\":\"DEAD\"}", "{\"dryRun\":\"yes\"}", "{\"error\":\"\"}", "[]"})
    void refusesAFilterItCannotUnderstand(String body) {
        assertThat(post("/admin/deliveries/redrive", body).status()).isEqualTo(400);
    }

    private void publish(int count) {
        IntStream.range(0, count).forEach(number -> bench.publish(new Happened(UUID.randomUUID(), number)));
    }

    private List<Delivery> attemptAll() {
        List<Delivery> due = bench.claim(here);
        due.forEach(bench::attempt);
        bench.clock.forward(Duration.ofSeconds(2));
        return due;
    }

    private Reply list(String more) {
        return now(shop.get("/admin/deliveries?handler=" + here.name() + more));
    }

    private JsonNode groups(String more) {
        return now(shop.get("/admin/deliveries/groups?handler=" + here.name() + more))
                .body()
                .path("data");
    }

    private String onlyId(String more) {
        JsonNode rows = list(more).body().path("data");
        assertThat(rows).hasSize(1);
        return rows.path(0).path("id").asString();
    }

    private Reply redriveAll(String more) {
        return post("/admin/deliveries/redrive", "{\"handler\":\"%s\"%s}".formatted(here.name(), more));
    }

    private Reply post(String path, String body) {
        return now(shop.post(path, body));
    }

    private long historyOf(UUID deliveryId) {
        return ledger.count("SELECT COUNT(*) FROM delivery_attempt WHERE delivery_id = :id", deliveryId);
    }

    private static List<String> outcomes(Reply reply) {
        return reply.body()
                .path("failedAttempts")
                .valueStream()
                .map(line -> line.path("attempt").asInt() + " "
                        + line.path("outcome").asString() + " "
                        + line.path("reason").asString())
                .toList();
    }

    private static String reason(String text) {
        return "{\"reason\":\"%s\"}".formatted(text);
    }
}
