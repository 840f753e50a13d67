package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Postgres;
import dev.millrace.process.Api.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lombok.extern.slf4j.Slf4j;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two instances on one database: whichever is asked, and whichever dies, everything happens, and happens once. */
@Slf4j
class TwoInstancesIT {

    private static final int ROUNDS = Integer.getInteger("millrace.crash.rounds", 1);
    private static final int KEYS = 1_000;
    private static final int THREADS = 64;
    private static final int USERS = 32;
    private static final int MORE_ANSWERS = 100;
    private static final Duration LEASE = Duration.ofSeconds(3);
    private static final String SHORT_LEASE = "--millrace.bus.lease=" + LEASE.toSeconds() + "s";

    /** The lease, the sweep that follows it, and what a busy machine takes for the rest. */
    private static final Duration TAKEN_OVER = LEASE.plusSeconds(17);

    private static final String UNCONFIRMED = """
            SELECT COUNT(*) FROM payment p JOIN orders o ON o.id = p.order_id
             WHERE o.status = 'CREATED' AND p.paid_at < '%s'
            """;

    private final Customers customers = new Customers();
    private final List<RunningJar> runs = new ArrayList<>();
    private final Postgres.Database database = Postgres.freshDatabase();

    @AfterEach
    void stop() {
        runs.forEach(RunningJar::close);
    }

    @Test
    void takesOnePaymentForAKeyThatBothAreSent() throws Exception {
        Api one = new Api(start().address());
        Api other = new Api(start().address());
        customers.putProductsOnSale(one);
        List<MoneyRequest> payments = SideBySide.call(
                THREADS,
                IntStream.range(0, KEYS)
                        .<Callable<MoneyRequest>>mapToObj(number ->
                                () -> customers.prepareOrder(number % 2 == 0 ? one : other, 1 + number % USERS)));

        List<Reply> replies = SideBySide.call(
                THREADS,
                payments.stream()
                        .flatMap(payment -> Stream.of(() -> payment.sendTo(one), () -> payment.sendTo(other))));

        Set<String> paid = new HashSet<>();
        for (int number = 0; number < KEYS; number++) {
            List<Reply> same = replies.subList(2 * number, 2 * number + 2);
            assertThat(same).extracting(Reply::status).containsOnly(200);
            assertThat(same).extracting(Reply::replayed).containsExactlyInAnyOrder(true, false);
            assertThat(same.get(0).body()).isEqualTo(same.get(1).body());
            customers.accept(payments.get(number), same.get(0));
            paid.add(same.get(0).json().get("id").asString());
        }
        assertThat(paid).hasSize(KEYS);
        assertThat(database.count("SELECT COUNT(*) FROM payment")).isEqualTo(KEYS);
        Audit audit = new Audit(other, customers.answered());
        audit.findsEveryPaidOrderConfirmed();
        audit.findsEveryPaidOrderExportedOnce(runs);
        audit.findsEverySaleCountedOnce();
        audit.findsEveryBalanceExplained();
        audit.findsNoInvariantViolated();
    }

    @Test
    void leavesNothingUndoneWhenOneOfThemIsKilled() throws Exception {
        RunningJar survivor = start(SHORT_LEASE);
        customers.putProductsOnSale(new Api(survivor.address()));

        for (int round = 1; round <= ROUNDS; round++) {
            RunningJar victim = survivor;
            survivor = start(SHORT_LEASE);
            Api api = new Api(survivor.address());
            List<Thread> threads = new ArrayList<>(customers.letIn(new Api(victim.address())));
            threads.addAll(customers.letIn(api));
            awaitMoreAnswers();

            victim.kill();

            Duration taken = awaitTakenOver(Instant.now());
            customers.sendHome();
            for (Thread thread : threads) {
                thread.join();
            }
            int lost = customers.repeatUnanswered(api);
            log.info(
                    "Kill {}: {} answered, {} cut off, taken over in {}",
                    round,
                    customers.answeredCount(),
                    lost,
                    taken);
        }

        assertThat(customers.unexpected()).isEmpty();
        Audit audit = new Audit(new Api(survivor.address()), customers.answered());
        audit.findsEveryPaidOrderConfirmed();
        audit.findsEveryPaidOrderExported(runs);
        audit.findsEverySaleCountedOnce();
        audit.findsEveryBalanceExplained();
        audit.findsEveryAnswerAgain();
        audit.findsNoInvariantViolated();
    }

    private RunningJar start(String... settings) {
        RunningJar service = RunningJar.start(Storage.on(database), settings);
        runs.add(service);
        return service;
    }

    private void awaitMoreAnswers() {
        int enough = customers.answeredCount() + MORE_ANSWERS;
        await().atMost(Duration.ofSeconds(30)).until(() -> customers.answeredCount() >= enough);
    }

    /** What was paid before the kill is confirmed by the other one, while that is busy with its own. */
    private Duration awaitTakenOver(Instant killed) {
        await().atMost(TAKEN_OVER).until(() -> database.count(UNCONFIRMED.formatted(killed)) == 0);
        return Duration.between(killed, Instant.now());
    }
}
