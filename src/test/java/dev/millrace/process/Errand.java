package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.process.Api.Reply;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import tools.jackson.databind.JsonNode;

/**
 * One order of one customer, and what becomes of it. Whoever is cut off in its last part takes that up again, with the same
 * keys, and the end is the same.
 */
@RequiredArgsConstructor
final class Errand {

    private static final int PRICE = 1_000;
    private static final Duration PROMISED = Duration.ofSeconds(20);
    private static final Pattern EXPORTED = Pattern.compile("Exported (?:order|refund) (\\S+) \\[(\\S+)]");

    /** What happens, and how it ends. */
    @RequiredArgsConstructor
    enum Story {
        CONFIRMED("", "CONFIRMED", "SUCCESS"),
        CONFIRMED_AT_THE_THIRD_ATTEMPT("confirm=transient*2", "CONFIRMED", "SUCCESS"),
        NEVER_CONFIRMED("confirm=permanent*99", "CONFIRMATION_FAILED", "REFUNDED"),
        EXPORT_RE_DRIVEN("export=permanent*2", "CONFIRMED", "SUCCESS"),
        REFUNDED("", "REFUNDED", "REFUNDED");

        private final String faults;
        private final String orderStatus;
        private final String paymentStatus;

        private boolean isPaidBack() {
            return paymentStatus.equals("REFUNDED");
        }
    }

    private final Story story;
    private final int number;
    private final long product;
    private final String order;
    private final Map<String, Reply> answers = new HashMap<>();
    private String payment = "";

    /**
     * Does what comes before the last part: before the refund if there is one, and else before the payment.
     *
     * @param number tells errands apart: the user, and how many pieces of a product that nobody else buys; higher each time
     */
    static Errand begin(Api api, Story story, int number) throws IOException {
        JsonNode product = done(api.post("/products", "{\"name\": \"Thing\", \"price\": %d}".formatted(PRICE)));
        done(api.post("/balances/" + number + "/charges", "{\"amount\": %d}".formatted(number * PRICE)));
        JsonNode order = done(api.post("/orders", """
                {"userId": %d, "items": [{"productId": %s, "quantity": %d}]}""".formatted(number, product.get("id"), number)));
        Errand errand = new Errand(
                story, number, product.get("id").asLong(), order.get("id").asString());
        if (story == Story.REFUNDED) {
            errand.pay(api);
        }
        return errand;
    }

    /** Does the last part, and waits until nothing is owed; to be repeated if it is cut off. */
    void finish(Api api) throws IOException {
        if (story == Story.REFUNDED) {
            refund(api);
        } else {
            pay(api);
        }
    }

    private void pay(Api api) throws IOException {
        String key = "pay-" + order;
        String body = "{\"orderId\": \"%s\", \"userId\": %d}".formatted(order, number);
        Reply reply = story.faults.isEmpty()
                ? api.post("/payments", body, key)
                : api.post("/payments", body, key, story.faults);
        payment = remember(key, reply).get("id").asString();
        awaitNothingOwed(api);
    }

    private void refund(Api api) throws IOException {
        String key = "refund-" + order;
        remember(key, api.post("/payments/" + payment + "/refunds", "{\"reason\": \"too large\"}", key));
        awaitNothingOwed(api);
    }

    /** What has been answered is answered so again. */
    private JsonNode remember(String key, Reply reply) throws IOException {
        Reply first = answers.putIfAbsent(key, reply);
        if (first != null) {
            assertThat(reply).isEqualTo(new Reply(first.status(), first.body(), true));
        }
        return done(reply);
    }

    /** Sends on what has died as it was planned, like an operator. */
    private static void awaitNothingOwed(Api api) {
        await().atMost(PROMISED).pollInterval(Duration.ofMillis(100)).until(() -> {
            JsonNode owed = done(api.get("/admin/deliveries")).get("data");
            if (owed.findValuesAsString("status").contains("DEAD")) {
                done(api.post("/admin/deliveries/redrive", "{\"error\": \"planned: permanent\"}"));
            }
            return owed.isEmpty();
        });
    }

    /** Nothing is missing, and nothing is there twice; the log is that of every run since the errand began. */
    void check(Api api, List<String> log) throws IOException {
        checkMoney(api);
        checkSales(api);
        checkExports(api, log);
        new Audit(api, Map.of()).findsNoInvariantViolated();
        assertThat(log.stream().anyMatch(line -> line.contains(order) && line.contains("given up")))
                .isEqualTo(story == Story.EXPORT_RE_DRIVEN);
        assertThat(log.stream().anyMatch(line -> line.contains("Order " + order + " was paid")))
                .isEqualTo(story == Story.NEVER_CONFIRMED);
    }

    private void checkMoney(Api api) throws IOException {
        int total = number * PRICE;
        int back = story.isPaidBack() ? total : 0;
        JsonNode payments = done(api.get("/payments?orderId=" + order)).get("data");

        assertThat(done(api.get("/orders/" + order)).get("status").asString()).isEqualTo(story.orderStatus);
        assertThat(payments).hasSize(1);
        assertThat(payments.get(0).get("status").asString()).isEqualTo(story.paymentStatus);
        assertThat(payments.get(0).get("refundedAmount").asInt()).isEqualTo(back);
        assertThat(done(api.get("/balances/" + number)).get("amount").asInt()).isEqualTo(back);
        assertThat(entries(api).findValuesAsString("amount"))
                .isEqualTo(
                        story.isPaidBack()
                                ? List.of("" + total, "" + -total, "" + total)
                                : List.of("" + -total, "" + total));
    }

    /** Larger than all sales before, it leads the ranking if it counts. */
    private void checkSales(Api api) throws IOException {
        JsonNode first = done(api.get("/rankings/products?window=all&limit=1")).at("/data/0");
        boolean counts = first.path("productId").asLong() == product;

        assertThat(counts).isEqualTo(!story.isPaidBack());
        assertThat(counts ? first.get("quantity").asInt() : number).isEqualTo(number);
    }

    /** What there was to export was sent at least once, with one key however often, and nothing else was. */
    private void checkExports(Api api, List<String> log) throws IOException {
        assertThat(keysOfExport(order, log)).hasSize(story == Story.NEVER_CONFIRMED ? 0 : 1);
        if (story.isPaidBack()) {
            String refund = entries(api).get(0).get("reference").asString();
            assertThat(keysOfExport(refund, log)).hasSize(1);
        }
    }

    private static Set<String> keysOfExport(String id, List<String> log) {
        return log.stream()
                .map(EXPORTED::matcher)
                .filter(line -> line.find() && line.group(1).equals(id))
                .map(line -> line.group(2))
                .collect(Collectors.toSet());
    }

    /** The latest first. */
    private JsonNode entries(Api api) throws IOException {
        return done(api.get("/balances/" + number + "/entries")).get("data");
    }

    private static JsonNode done(Reply reply) {
        assertThat(reply.isSuccess()).as("%s", reply).isTrue();
        return reply.json();
    }
}
