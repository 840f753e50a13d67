package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.process.Api.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import lombok.extern.slf4j.Slf4j;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** Kills the service while orders fail, are tried again and are paid back, and looks whether the books are right. */
@Slf4j
class FaultCrashIT {

    private static final int KILLS = Integer.getInteger("millrace.crash.fault-kills", 1);
    private static final int BUYERS = 8;
    private static final int PRICE = 1_000;
    private static final Duration RECOVERY = Duration.ofSeconds(30);
    private static final List<String> PLANS = List.of(
            "confirm=transient*1",
            "confirm=permanent",
            "export=transient*2",
            "ranking=transient*1",
            "confirm=transient*1,export=transient*1,ranking=transient*1");

    private final List<RunningJar> runs = new ArrayList<>();
    private final Queue<Purchase> purchases = new ConcurrentLinkedQueue<>();
    private final AtomicInteger answers = new AtomicInteger();
    private final AtomicInteger lost = new AtomicInteger();

    private List<String> storage = List.of();

    @TempDir
    Path data;

    /** An order that may have been paid for, and may have been paid back. */
    private record Purchase(String orderId, long userId, String key, String plan) {

        Reply payAt(Api api) throws IOException {
            return api.post("/payments", """
                    {"orderId": "%s", "userId": %d}""".formatted(orderId, userId), key, plan);
        }

        /** Half of it, under a key of its own for each half. */
        Reply refundAt(Api api, JsonNode payment, int part) throws IOException {
            return api.post(
                    "/payments/" + payment.get("id").asString() + "/refunds",
                    "{\"amount\": %d, \"reason\": \"changed my mind\"}".formatted(PRICE),
                    "refund-" + part + "-" + key);
        }
    }

    @AfterEach
    void stop() {
        runs.forEach(RunningJar::close);
    }

    @ParameterizedTest
    @EnumSource
    void finishesAfterTheRestartWhatHaltedRightAfterItsCommit(Storage kind) throws Exception {
        storage = kind.create(data);
        RunningJar service = start();
        Api api = new Api(service.address());
        long product = addProduct(api);
        Purchase purchase = order(api, 1, product, "crash=after-commit");

        assertThatThrownBy(() -> purchase.payAt(api)).isInstanceOf(IOException.class);

        service.awaitExit(Duration.ofSeconds(10));
        RunningJar restarted = start();
        Api again = new Api(restarted.address());
        Reply reply = purchase.payAt(again);
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.replayed()).isTrue();
        awaitNothingOwed(again);
        assertThat(statusOf(again, purchase)).isEqualTo("CONFIRMED");
        assertThat(restarted.log()).anyMatch(line -> line.contains("Exported order " + purchase.orderId()));
        JsonNode ranking = again.get("/rankings/products?window=all").json().get("data");
        assertThat(ranking).hasSize(1);
        assertThat(ranking.get(0).get("quantity").asLong()).isEqualTo(2);
        assertThat(again.get("/balances/1").json().get("amount").asLong()).isZero();
        assertThatBooksAreInOrder(again);
    }

    @ParameterizedTest
    @EnumSource
    void keepsTheBooksInOrderWhenKilledOnTheWayThroughFailures(Storage kind) throws Exception {
        storage = kind.create(data);
        for (int kill = 1; kill <= KILLS; kill++) {
            RunningJar service = start();
            killUnderLoad(service);
        }

        Api api = new Api(start().address());
        for (Purchase purchase : purchases) {
            assertThat(purchase.payAt(api).status()).isEqualTo(200);
        }
        awaitNothingOwed(api);

        assertThatBooksAreInOrder(api);
        for (Purchase purchase : purchases) {
            assertThatOrderAndPaymentAgree(api, purchase);
        }
        assertThat(lost).as("answers cut off by the kills").hasPositiveValue();
        log.info("{} kills: {} purchases, {} buyers cut off", KILLS, purchases.size(), lost);
    }

    private RunningJar start() {
        RunningJar service = RunningJar.start(
                storage,
                "--millrace.bus.instance=restarted",
                "--millrace.faults.enabled=true",
                "--millrace.bus.handlers.ranking.first=200ms");
        runs.add(service);
        return service;
    }

    private void killUnderLoad(RunningJar service) throws Exception {
        Api api = new Api(service.address());
        long product = addProduct(api);
        int enough = answers.get() + ThreadLocalRandom.current().nextInt(50, 300);
        List<Thread> buyers = LongStream.rangeClosed(1, BUYERS)
                .mapToObj(user -> new Thread(() -> buyUntilClosed(api, user, product), "buyer-" + user))
                .toList();
        buyers.forEach(Thread::start);

        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> answers.get() >= enough);
        service.kill();

        for (Thread buyer : buyers) {
            buyer.join();
        }
    }

    private void buyUntilClosed(Api api, long user, long product) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        try {
            while (true) {
                Purchase purchase = order(api, user, product, PLANS.get(random.nextInt(PLANS.size())));
                purchases.add(purchase);
                Reply payment = purchase.payAt(api);
                answers.incrementAndGet();
                for (int refund = random.nextInt(3); refund > 0 && payment.isSuccess(); refund--) {
                    purchase.refundAt(api, payment.json(), refund);
                }
            }
        } catch (IOException closed) {
            lost.incrementAndGet();
        }
    }

    private static long addProduct(Api api) throws IOException {
        return api.post("/products", "{\"name\": \"Thing\", \"price\": %d}".formatted(PRICE))
                .json()
                .get("id")
                .asLong();
    }

    /** Two of the product, with the money for it. */
    private static Purchase order(Api api, long user, long product, String plan) throws IOException {
        requireSuccess(api.post("/balances/" + user + "/charges", "{\"amount\": %d}".formatted(2 * PRICE)));
        Reply order = requireSuccess(api.post("/orders", """
                {"userId": %d, "items": [{"productId": %d, "quantity": 2}]}""".formatted(user, product)));
        return new Purchase(
                order.json().get("id").asString(), user, UUID.randomUUID().toString(), plan);
    }

    private static Reply requireSuccess(Reply reply) throws IOException {
        if (!reply.isSuccess()) {
            throw new IOException("Not a success: " + reply);
        }
        return reply;
    }

    private static void awaitNothingOwed(Api api) {
        await().atMost(RECOVERY).pollInterval(Duration.ofMillis(100)).untilAsserted(() -> {
            JsonNode owed = api.get("/admin/deliveries?limit=5").json().get("data");
            assertThat(owed).isEmpty();
        });
    }

    private static void assertThatBooksAreInOrder(Api api) throws IOException {
        JsonNode report = api.get("/admin/invariants").json();
        assertThat(report.get("ok").asBoolean()).as("%s", report).isTrue();
    }

    private static String statusOf(Api api, Purchase purchase) throws IOException {
        return api.get("/orders/" + purchase.orderId()).json().get("status").asString();
    }

    private static void assertThatOrderAndPaymentAgree(Api api, Purchase purchase) throws IOException {
        JsonNode payment =
                api.get("/payments?orderId=" + purchase.orderId()).json().at("/data/0");
        boolean refunded = payment.get("status").asString().equals("REFUNDED");

        assertThat(statusOf(api, purchase))
                .as("%s of %s", payment, purchase)
                .isIn(refunded ? List.of("REFUNDED", "CONFIRMATION_FAILED") : List.of("CONFIRMED"));
    }
}
