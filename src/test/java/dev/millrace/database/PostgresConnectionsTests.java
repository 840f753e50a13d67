package dev.millrace.database;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** On PostgreSQL no wait is endless, no thread has all the connections, and a lost lock is asked for again. */
@RunningService
@Tag("postgresql")
@RequiredArgsConstructor
class PostgresConnectionsTests {

    private static final int CONNECTIONS = 8;

    private final DatabaseClient database;
    private final TransactionalOperator tx;
    private final Shop shop;

    @Test
    void boundEachWaitOnTheServer() {
        assertThat(show("statement_timeout")).isEqualTo("10s");
        assertThat(show("lock_timeout")).isEqualTo("2s");
        assertThat(show("idle_in_transaction_session_timeout")).isEqualTo("30s");
        assertThat(show("application_name")).isEqualTo("millrace");
    }

    /** Or the sweep of a queue that was empty once would go through all of it for each row of it. */
    @Test
    void planForTheTablesAsTheyAre() {
        assertThat(show("plan_cache_mode")).isEqualTo("force_custom_plan");
        assertThat(show("enable_mergejoin")).isEqualTo("off");
        assertThat(show("max_parallel_workers_per_gather")).isEqualTo("0");
        assertThat(show("jit")).isEqualTo("off");
        assertThat(show("random_page_cost")).isEqualTo("1.1");
        assertThat(show("enable_bitmapscan")).isEqualTo("off");
    }

    @Test
    void shareTheEventLoops() {
        List<String> threads = now(Flux.range(0, CONNECTIONS)
                .flatMap(number -> database.sql("SELECT pg_sleep(0.2)")
                        .map(row -> Thread.currentThread().getName())
                        .one())
                .collectList());

        Set<String> loops = Set.copyOf(threads);
        assertThat(loops).hasSizeGreaterThan(1).allMatch(name -> name.startsWith("io-"));
        assertThat(threads.stream().collect(Collectors.groupingBy(name -> name, Collectors.counting())))
                .allSatisfy((name, connections) -> assertThat(connections).isLessThanOrEqualTo(CONNECTIONS * 3 / 4));
    }

    /** Each holds one row and wants the other's. */
    @Test
    void repeatWhatLostADeadlock() {
        long one = shop.aUserWith(1);
        long other = shop.aUserWith(1);
        AtomicInteger attempts = new AtomicInteger();

        Mono<Void> forth = touchBoth(one, other, attempts);
        Mono<Void> back = touchBoth(other, one, attempts);
        Mono.when(forth, back).as(StepVerifier::create).verifyComplete();

        assertThat(attempts).hasValueGreaterThan(2);
    }

    @Test
    void askAgainForALockThatTookTooLong() {
        long user = shop.aUserWith(1);
        AtomicInteger attempts = new AtomicInteger();
        Sinks.Empty<Void> release = Sinks.empty();
        Sinks.Empty<Void> held = Sinks.empty();

        Mono<Void> holder = touch(user)
                .then(Mono.fromRunnable(held::tryEmitEmpty))
                .then(release.asMono())
                .as(tx::transactional);
        Mono<Void> impatient = database.sql("SET LOCAL lock_timeout = 20")
                .then()
                .then(Mono.fromRunnable(() -> {
                    if (attempts.incrementAndGet() == 3) {
                        release.tryEmitEmpty();
                    }
                }))
                .then(touch(user))
                .as(tx::transactional);
        Mono.when(holder, held.asMono().then(impatient))
                .as(StepVerifier::create)
                .verifyComplete();

        assertThat(attempts).hasValueGreaterThanOrEqualTo(3);
    }

    private Mono<Void> touchBoth(long first, long second, AtomicInteger attempts) {
        return Mono.fromRunnable(attempts::incrementAndGet)
                .then(touch(first))
                .then(Mono.delay(Duration.ofMillis(200)))
                .then(touch(second))
                .as(tx::transactional);
    }

    private Mono<Void> touch(long user) {
        return database.sql("UPDATE balance SET amount = amount WHERE user_id = :user")
                .bind("user", user)
                .then();
    }

    private String show(String setting) {
        return now(database.sql("SELECT current_setting('" + setting + "')")
                .map(row -> row.get(0, String.class))
                .one());
    }
}
