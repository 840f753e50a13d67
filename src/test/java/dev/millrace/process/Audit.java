package dev.millrace.process;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.summingLong;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.process.Api.Reply;
import dev.millrace.process.MoneyRequest.Sale;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Compares the service's books with what its customers were answered. */
final class Audit {

    private static final Duration PROMISED = Duration.ofSeconds(10);
    private static final Pattern EXPORTED = Pattern.compile("Exported order (\\S+) \\[(\\S+)]");

    private final Api api;
    private final Map<MoneyRequest, Reply> answered;

    Audit(Api api, Map<MoneyRequest, Reply> answered) {
        this.api = api;
        this.answered = answered;
    }

    /** The same key gets the same answer, and an order has the one payment that was answered. */
    void findsEveryAnswerAgain() throws IOException {
        for (Map.Entry<MoneyRequest, Reply> entry : answered.entrySet()) {
            Reply again = entry.getKey().sendTo(api);
            assertThat(again.replayed()).as("%s is a repetition", again).isTrue();
            assertThat(again.status()).isEqualTo(entry.getValue().status());
            assertThat(again.body()).isEqualTo(entry.getValue().body());
        }
        for (Map.Entry<MoneyRequest, Reply> entry : answered.entrySet()) {
            Optional<Sale> sale = entry.getKey().sale();
            if (sale.isPresent()) {
                assertThat(paymentsOf(sale.get().orderId()))
                        .containsExactly(entry.getValue().json().get("id").asString());
            }
        }
    }

    /** Every paid order is confirmed within the time that is promised. */
    void findsEveryPaidOrderConfirmed() {
        Set<String> waiting = new HashSet<>(sales().map(Sale::orderId).toList());
        await().atMost(PROMISED).untilAsserted(() -> {
            for (String orderId : List.copyOf(waiting)) {
                JsonNode order = api.get("/orders/" + orderId).json();
                assertThat(order.get("status").asString())
                        .as("status of %s", orderId)
                        .isEqualTo("CONFIRMED");
                waiting.remove(orderId);
            }
        });
    }

    /** Every paid order was exported at least once, with one key however often; the logs are those of all runs. */
    void findsEveryPaidOrderExported(Collection<RunningJar> runs) {
        await().atMost(PROMISED).untilAsserted(() -> {
            Map<String, Set<String>> keys = new HashMap<>();
            exports(runs).forEach(line -> keys.computeIfAbsent(line.group(1), id -> new HashSet<>())
                    .add(line.group(2)));
            assertThat(keys.keySet()).containsAll(sales().map(Sale::orderId).toList());
            assertThat(keys.values())
                    .allSatisfy(ofOneOrder -> assertThat(ofOneOrder).hasSize(1));
        });
    }

    /** Every paid order was exported exactly once, which nobody promises if an instance dies. */
    void findsEveryPaidOrderExportedOnce(Collection<RunningJar> runs) {
        List<String> expected = sales().map(Sale::orderId).sorted().toList();
        await().atMost(PROMISED).untilAsserted(() -> assertThat(
                        exports(runs).map(line -> line.group(1)).sorted().toList())
                .isEqualTo(expected));
    }

    /** The ranking has exactly what was paid for. */
    void findsEverySaleCountedOnce() {
        Map<Long, Long> sold = sales().collect(groupingBy(Sale::productId, summingLong(Sale::quantity)));
        await().atMost(PROMISED).untilAsserted(() -> assertThat(ranking()).isEqualTo(sold));
    }

    /** A balance is what was charged less what was paid, and each entry follows from the one before. */
    void findsEveryBalanceExplained() throws IOException {
        Map<Long, Long> balances =
                answered.keySet().stream().collect(groupingBy(MoneyRequest::userId, summingLong(MoneyRequest::amount)));
        for (Map.Entry<Long, Long> expected : balances.entrySet()) {
            long userId = expected.getKey();
            JsonNode balance = api.get("/balances/" + userId).json();
            assertThat(balance.get("amount").asLong())
                    .as("balance of %d", userId)
                    .isEqualTo(expected.getValue());
            assertThat(lastOfUnbrokenChain(userId)).isEqualTo(expected.getValue());
        }
    }

    /** The service finds its books in order. */
    void findsNoInvariantViolated() throws IOException {
        JsonNode report = api.get("/admin/invariants").json();
        assertThat(report.path("ok").asBoolean()).as("%s", report).isTrue();
    }

    /** Nobody holds a connection to the database any more, or waits for one. */
    void findsNoConnectionLost() {
        await().atMost(PROMISED).untilAsserted(() -> {
            assertThat(connections("acquired")).isZero();
            assertThat(connections("pending")).isZero();
        });
    }

    /** Nothing is there that was not answered. */
    void findsNothingOf(List<MoneyRequest> unanswered) throws IOException {
        for (MoneyRequest request : unanswered) {
            if (request.sale().isPresent()) {
                assertThat(paymentsOf(request.sale().get().orderId())).isEmpty();
            }
        }
    }

    private double connections(String state) throws IOException {
        return api.get("/actuator/metrics/r2dbc.pool." + state)
                .json()
                .at("/measurements/0/value")
                .asDouble();
    }

    private static Stream<Matcher> exports(Collection<RunningJar> runs) {
        return runs.stream()
                .flatMap(run -> run.log().stream())
                .map(EXPORTED::matcher)
                .filter(Matcher::find);
    }

    private long lastOfUnbrokenChain(long userId) throws IOException {
        long balance = 0;
        for (JsonNode entry : entriesOldestFirst(userId)) {
            balance += entry.get("amount").asLong();
            assertThat(entry.get("balanceAfter").asLong()).as("after %s", entry).isEqualTo(balance);
        }
        return balance;
    }

    private List<JsonNode> entriesOldestFirst(long userId) throws IOException {
        List<JsonNode> entries = new ArrayList<>();
        String cursor = "";
        do {
            JsonNode page = api.get("/balances/" + userId + "/entries?limit=100" + cursor)
                    .json();
            page.get("data").forEach(entries::add);
            cursor = page.get("nextCursor").isNull()
                    ? ""
                    : "&cursor=" + page.get("nextCursor").asString();
        } while (!cursor.isEmpty());
        Collections.reverse(entries);
        return entries;
    }

    private List<String> paymentsOf(String orderId) throws IOException {
        return api.get("/payments?orderId=" + orderId)
                .json()
                .get("data")
                .valueStream()
                .map(payment -> payment.get("id").asString())
                .toList();
    }

    private Map<Long, Long> ranking() throws IOException {
        Map<Long, Long> quantities = new HashMap<>();
        JsonNode ranking = api.get("/rankings/products?window=all&limit=100").json();
        ranking.get("data")
                .forEach(rank -> quantities.put(
                        rank.get("productId").asLong(), rank.get("quantity").asLong()));
        return quantities;
    }

    private Stream<Sale> sales() {
        return answered.keySet().stream().map(MoneyRequest::sale).flatMap(Optional::stream);
    }
}
