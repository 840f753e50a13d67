package dev.millrace.export;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Ledger;
import dev.millrace.harness.Reply;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The platform goes down while payments go through, and comes back: no order notices, nothing is given up, all is exported.
 *
 * <p>{@code -Dmillrace.outage.payments=5000} makes it a longer one.
 */
@Slf4j
@RunningService
@Tag("embedded")
@RequiredArgsConstructor
class PlatformOutageTests {

    private static final int PAYMENTS = Integer.getInteger("millrace.outage.payments", 300);
    private static final int AT_ONCE = 16;
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30 + PAYMENTS / 20);
    private static final PlatformStandIn PLATFORM = new PlatformStandIn();

    private final Shop shop;
    private final Ledger ledger;

    @DynamicPropertySource
    static void exportToTheStandIn(DynamicPropertyRegistry settings) {
        settings.add("millrace.export.url", PLATFORM::url);
        settings.add("millrace.export.secrets", () -> ExportFixture.SECRET);
        settings.add("millrace.export.breaker.open-for", () -> "500ms");
        settings.add("millrace.bus.instance", () -> "outage");
    }

    @AfterAll
    static void close() {
        PLATFORM.close();
    }

    /** The first payment is alone to warm up. Up and down then take turns, so that whatever else the machine does slows both alike. */
    @Test
    void exportsEverythingOnceThePlatformIsBackAndNoOrderNotices() {
        List<UUID> orders = new ArrayList<>();
        List<Long> up = new ArrayList<>();
        List<Long> down = new ArrayList<>();
        pay(1, orders, new ArrayList<>());
        pay(4 * AT_ONCE, orders, new ArrayList<>());
        for (int turn = 0; turn < 3; turn++) {
            PLATFORM.answers(PlatformStandIn.status(200));
            await().atMost(LONGEST_WAIT).until(() -> owed("export") == 0);
            pay(100, orders, up);
            PLATFORM.answers(PlatformStandIn.status(503));
            pay(100, orders, down);
        }

        for (int paid = 0; paid < PAYMENTS; paid += 100) {
            pay(100, orders, new ArrayList<>());
        }
        await().atMost(LONGEST_WAIT).until(() -> owed("confirm") == 0);
        assertThat(confirmed()).isEqualTo(orders.size());
        assertThat(owed("export")).isGreaterThanOrEqualTo(PAYMENTS);
        assertThat(dead()).isZero();

        await().atMost(LONGEST_WAIT)
                .untilAsserted(() -> assertThat(failedAttempts()).isEqualTo(failedCalls()));
        long failedCalls = failedCalls();
        PLATFORM.answers(PlatformStandIn.status(200));
        long back = System.nanoTime();
        await().atMost(LONGEST_WAIT).until(() -> owed("export") == 0);

        assertThat(PLATFORM.accepted()).extracting(OrderPayload::orderId).containsExactlyInAnyOrderElementsOf(orders);
        log.info(
                "{} payments, {} of them in one outage: median {} us while the platform is up, {} us while it is down,"
                        + " ratio {}; {} failed calls; all exported {} ms after it was back",
                orders.size(),
                PAYMENTS,
                median(up),
                median(down),
                "%.2f".formatted((double) median(down) / median(up)),
                failedCalls,
                (System.nanoTime() - back) / 1_000_000);
    }

    private void pay(int times, List<UUID> orders, List<Long> micros) {
        long user = shop.aUserWith(1_000_000);
        long product = shop.aProduct(100);
        List<UUID> placed = now(Flux.range(0, times)
                .flatMap(number -> shop.order(user, product, 1), AT_ONCE)
                .map(Reply::id)
                .collectList());
        List<Long> taken = now(Flux.fromIterable(placed)
                .flatMap(order -> timed(shop.pay(order, user)), AT_ONCE)
                .collectList());
        orders.addAll(placed);
        micros.addAll(taken);
    }

    private static Mono<Long> timed(Mono<Reply> payment) {
        return payment.doOnNext(paid -> assertThat(paid.status()).isEqualTo(200))
                .timed()
                .map(timed -> timed.elapsed().toNanos() / 1_000);
    }

    private static long median(List<Long> values) {
        Collections.sort(values);
        return values.get(values.size() / 2);
    }

    private long confirmed() {
        return ledger.count("SELECT COUNT(*) FROM orders WHERE status = :id", "CONFIRMED");
    }

    private long owed(String handler) {
        return ledger.count("SELECT COUNT(*) FROM delivery WHERE handler = :id", handler);
    }

    private long dead() {
        return ledger.count("SELECT COUNT(*) FROM delivery WHERE status = :id", "DEAD");
    }

    private static long failedCalls() {
        return PLATFORM.calls().size() - PLATFORM.accepted().size();
    }

    /** Recorded a moment after the call: the platform is tried once in a while all the time. */
    private long failedAttempts() {
        return ledger.count("SELECT COUNT(*) FROM delivery_attempt WHERE outcome = :id", "FAILED");
    }
}
