package dev.millrace.event;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.EventBench.Happened;
import dev.millrace.event.EventBench.Here;
import dev.millrace.harness.Reply;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import lombok.extern.slf4j.Slf4j;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A thousand deliveries that cannot be handled hold up none of ten thousand that can, and are handled when they can be. */
@Slf4j
@RunningService
class PoisonTests {

    private static final int ALL = 11_000;
    private static final int POISON = 1_000;
    private static final int TOGETHER = 100;
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final RetryPolicy TWICE =
            new RetryPolicy(Duration.ofMillis(50), Duration.ofMillis(50), 2, null, Duration.ofDays(1), true);

    private final Shop shop;
    private final TransactionalOperator tx;
    private final Here here = new Here();
    private final EventBench bench;

    PoisonTests(Shop shop, DatabaseClient database, TransactionalOperator tx) {
        this.shop = shop;
        this.tx = tx;
        this.bench = EventBench.wide(database, tx, TWICE, here);
    }

    @AfterEach
    void stop() {
        bench.delivery.stop();
    }

    @Test
    void neitherStarvesNorLosesAnything() {
        long begin = System.nanoTime();
        here.effect = event -> isPoison(event) ? poison(event) : Mono.empty();
        bench.delivery.start();
        now(Flux.range(0, ALL / TOGETHER).flatMap(this::publishSome, 8).then(Mono.just(true)));

        await().atMost(LONG).until(() -> here.handled.size() == ALL - POISON);
        await().atMost(LONG).untilAsserted(() -> assertThat(owed()).containsExactly("DEAD 1000"));
        assertThat(groups()).containsExactly("600 wrong colour", "300 wrong shape", "100 closed");

        here.effect = event -> event.number() % 110 < 6 || !isPoison(event) ? Mono.empty() : poison(event);
        assertThat(redrive("\"error\":\"wrong colour\",\"dryRun\":true")).isEqualTo(600);
        assertThat(redrive("\"error\":\"wrong colour\",\"reason\":\"painted\"")).isEqualTo(600);
        await().atMost(LONG).untilAsserted(() -> assertThat(owed()).containsExactly("DEAD 400"));
        assertThat(here.handled).hasSize(ALL - POISON + 600);

        assertThat(redrive("\"reason\":\"too early\"")).isEqualTo(400);
        await().atMost(LONG).untilAsserted(() -> assertThat(owed()).containsExactly("DEAD 400"));
        here.effect = event -> Mono.empty();
        assertThat(redrive("\"reason\":\"mended\"")).isEqualTo(400);
        await().atMost(LONG).untilAsserted(() -> assertThat(owed()).isEmpty());

        assertThat(here.handled).hasSize(ALL).doesNotHaveDuplicates();
        log.info("11,000 deliveries with 1,000 poison ones took {} ms", (System.nanoTime() - begin) / 1_000_000);
    }

    private Mono<Void> publishSome(int group) {
        return Flux.range(group * TOGETHER, TOGETHER)
                .concatMap(number -> bench.publisher.publish(new Happened(new UUID(POISON, number), number)))
                .then()
                .as(tx::transactional);
    }

    private static boolean isPoison(Happened event) {
        return event.number() % 110 < 10;
    }

    private static Mono<Void> poison(Happened event) {
        int kind = event.number() % 110;
        if (kind < 6) {
            return Mono.error(new PermanentFailure("wrong colour"));
        }
        return Mono.error(kind < 9 ? new PermanentFailure("wrong shape") : new TransientFailure("closed"));
    }

    /** What is owed, by status. */
    private List<String> owed() {
        return IntStream.range(0, DeliveryStatus.values().length)
                .mapToObj(index -> DeliveryStatus.values()[index])
                .map(status -> status + " " + count(status))
                .filter(line -> !line.endsWith(" 0"))
                .toList();
    }

    private long count(DeliveryStatus status) {
        return now(shop.get("/admin/deliveries/groups?handler=" + here.name() + "&status=" + status))
                .body()
                .path("data")
                .valueStream()
                .mapToLong(group -> group.path("count").asLong())
                .sum();
    }

    private List<String> groups() {
        return now(shop.get("/admin/deliveries/groups?status=DEAD&handler=" + here.name()))
                .body()
                .path("data")
                .valueStream()
                .map(group ->
                        group.path("count").asLong() + " " + group.path("error").asString())
                .toList();
    }

    private long redrive(String more) {
        Reply reply =
                now(shop.post("/admin/deliveries/redrive", "{\"handler\":\"%s\",%s}".formatted(here.name(), more)));
        assertThat(reply.status()).isIn(200, 202);
        return reply.number("matched");
    }
}
