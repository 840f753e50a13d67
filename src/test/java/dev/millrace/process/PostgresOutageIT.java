package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.process.Api.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.LongStream;
import lombok.extern.slf4j.Slf4j;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The database crashes, or drops its connections, under load: clients are told so, and what was answered is there. */
@Slf4j
class PostgresOutageIT {

    private static final int CRASHES = Integer.getInteger("millrace.outage.crashes", 1);
    private static final int CUTS = Integer.getInteger("millrace.outage.cuts", 3);
    private static final int CUSTOMERS = 16;
    private static final Duration AT_ONCE = Duration.ofSeconds(3);
    private static final Duration RECOVERY = Duration.ofSeconds(20);

    private final Customers customers = new Customers();
    private volatile boolean open = true;

    @TempDir
    Path data;

    private FragilePostgres database;
    private RunningJar service;
    private Api api;

    @BeforeEach
    void start() throws IOException {
        database = FragilePostgres.in(data);
        service = RunningJar.start(database.arguments(), "--millrace.bus.lease=3s");
        api = new Api(service.address());
        customers.putProductsOnSale(api);
    }

    @AfterEach
    void stop() throws IOException {
        service.close();
        database.close();
    }

    @Test
    void answersOnlyWhatOutlivesACrashOfTheDatabase() throws Exception {
        List<Thread> threads = letPersistentCustomersIn();
        for (int crash = 1; crash <= CRASHES; crash++) {
            awaitMoreAnswers();
            database.crash();
            refusesAtOnce();
            Instant down = Instant.now();
            database.restart();
            Instant up = Instant.now();
            awaitMoreAnswers();
            log.info(
                    "Crash {}: down for {}, 100 more answers {} later; {} so far",
                    crash,
                    Duration.between(down, up),
                    Duration.between(up, Instant.now()),
                    customers.answeredCount());
        }
        endsWell(threads);
    }

    @Test
    void goesOnWhenItsConnectionsAreCut() throws Exception {
        List<Thread> threads = letPersistentCustomersIn();
        awaitMoreAnswers();
        for (int cut = 1; cut <= CUTS; cut++) {
            Instant next = Instant.now().plusSeconds(1);
            database.cutConnections();
            await().until(() -> Instant.now().isAfter(next));
        }
        awaitMoreAnswers();
        log.info(
                "{} cuts: {} answered, {} not",
                CUTS,
                customers.answeredCount(),
                customers.unanswered().size());
        endsWell(threads);
    }

    /** They try something else when they get no answer, and repeat it in the end. */
    private List<Thread> letPersistentCustomersIn() {
        List<Thread> threads = LongStream.rangeClosed(1, CUSTOMERS)
                .mapToObj(user -> new Thread(() -> buyWhileOpen(user), "customer-" + user))
                .toList();
        threads.forEach(Thread::start);
        return threads;
    }

    private void buyWhileOpen(long user) {
        while (open) {
            try {
                customers.send(api, customers.prepareOrder(api, user));
            } catch (IOException refused) {
                // the customers remember it, and whether it was said as it should be
            }
        }
    }

    private void awaitMoreAnswers() {
        int enough = customers.answeredCount() + 100;
        await().atMost(RECOVERY).until(() -> customers.answeredCount() >= enough);
    }

    /** Whoever comes while it is down is told so, and does not wait. */
    private void refusesAtOnce() throws IOException {
        for (String path : List.of("/products", "/balances/1", "/rankings/products")) {
            Instant begin = Instant.now();
            Reply reply = api.get(path);
            assertThat(reply.status()).as("%s", reply).isEqualTo(503);
            assertThat(reply.json().get("code").asString()).isEqualTo("overloaded");
            assertThat(Duration.between(begin, Instant.now())).isLessThan(AT_ONCE);
        }
    }

    private void endsWell(List<Thread> threads) throws Exception {
        open = false;
        for (Thread thread : threads) {
            thread.join();
        }
        Audit ofAnswered = new Audit(api, customers.answered());
        ofAnswered.findsEveryPaidOrderConfirmed();
        ofAnswered.findsEveryAnswerAgain();

        int unanswered = customers.repeatUnanswered(api);
        log.info("{} answered when repeated", unanswered);

        assertThat(customers.unexpected()).isEmpty();
        Audit audit = new Audit(api, customers.answered());
        audit.findsEveryPaidOrderConfirmed();
        audit.findsEveryPaidOrderExported(List.of(service));
        audit.findsEverySaleCountedOnce();
        audit.findsEveryBalanceExplained();
        audit.findsNoInvariantViolated();
        audit.findsNoConnectionLost();
    }
}
