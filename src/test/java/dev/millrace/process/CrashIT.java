package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import lombok.extern.slf4j.Slf4j;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kills the service in the middle of its work, again and again, and looks for what is missing or there twice. */
@Slf4j
class CrashIT {

    private static final int ROUNDS = Integer.getInteger("millrace.crash.rounds", 1);
    private static final int MOST_ANSWERS = 400;

    private final Customers customers = new Customers();
    private final List<RunningJar> runs = new ArrayList<>();

    private List<String> storage = List.of();

    @TempDir
    Path data;

    @AfterEach
    void stop() {
        runs.forEach(RunningJar::close);
    }

    @ParameterizedTest
    @EnumSource
    void losesNothingAndRepeatsNothingWhenKilled(Storage kind) throws Exception {
        storage = kind.create(data);
        int lost = 0;
        for (int round = 1; round <= ROUNDS; round++) {
            RunningJar service = start();
            Api api = new Api(service.address());
            lost += recover(api);

            killUnderLoad(service, api);
        }
        lost += recover(new Api(start().address()));

        assertThat(customers.unexpected()).isEmpty();
        assertThat(lost).as("answers cut off by the kills").isPositive();
        log.info(
                "{}, {} kills: {} answered, {} of them only when repeated",
                kind,
                ROUNDS,
                customers.answeredCount(),
                lost);
    }

    private RunningJar start() {
        RunningJar service = RunningJar.start(storage, "--millrace.bus.instance=restarted");
        runs.add(service);
        return service;
    }

    private void killUnderLoad(RunningJar service, Api api) throws Exception {
        if (runs.size() == 1) {
            customers.putProductsOnSale(api);
        }
        int enough = customers.answeredCount() + ThreadLocalRandom.current().nextInt(1, MOST_ANSWERS);
        List<Thread> threads = customers.letIn(api);

        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> customers.answeredCount() >= enough);
        service.kill();

        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** What was answered is there and finishes; what was not is settled by repeating it. */
    private int recover(Api api) throws IOException {
        Audit ofAnswered = new Audit(api, customers.answered());
        ofAnswered.findsEveryPaidOrderConfirmed();
        ofAnswered.findsEveryAnswerAgain();

        int lost = customers.repeatUnanswered(api);

        Audit ofAll = new Audit(api, customers.answered());
        ofAll.findsEveryPaidOrderConfirmed();
        ofAll.findsEveryPaidOrderExported(runs);
        ofAll.findsEverySaleCountedOnce();
        ofAll.findsEveryBalanceExplained();
        ofAll.findsNoInvariantViolated();
        return lost;
    }
}
