package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.Books;
import dev.millrace.process.Errand.Story;
import io.r2dbc.h2.H2ConnectionConfiguration;
import io.r2dbc.h2.H2ConnectionFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import lombok.extern.slf4j.Slf4j;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.r2dbc.core.DatabaseClient;

/**
 * Halts the service right before a step that it takes in the database, and looks after the restart for what is missing or there
 * twice: before every step of every story with {@code -Dmillrace.crash.steps=all}, before the seventh and eighth with {@code
 * 7,8}, and before one of each story, chosen at random, if nothing is said.
 *
 * @see HaltingDatabase
 */
@Slf4j
@TestInstance(Lifecycle.PER_CLASS)
class CrashAtEveryStepIT {

    private static final String STEPS = System.getProperty("millrace.crash.steps", "");
    private static final Duration PROMISED = Duration.ofSeconds(10);

    @TempDir
    static Path data;

    private RunningJar service;
    private Api api;
    private int errands;

    @BeforeAll
    void start() {
        service = RunningJar.startWith(
                HaltingDatabase.class,
                data,
                "--millrace.faults.enabled=true",
                "--millrace.bus.sweep-interval=100ms",
                "--millrace.order.expiry-interval=1h",
                "--millrace.invariants.interval=1h");
        api = new Api(service.address());
    }

    /** Whoever looks at the tables themselves finds the books in order too. */
    @AfterAll
    void stop() {
        service.requestStop();
        service.awaitExit(PROMISED);
        service.close();
        new Books(DatabaseClient.create(new H2ConnectionFactory(H2ConnectionConfiguration.builder()
                        .file(data.resolve("millrace").toString())
                        .username("sa")
                        .option("MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE")
                        .build())))
                .assertThatTheyAddUp();
    }

    @ParameterizedTest
    @EnumSource
    void losesNothingAndRepeatsNothing(Story story) throws IOException {
        int steps = countSteps(story);
        log.info("{} takes {} steps", story, steps);

        switch (STEPS) {
            case "" -> isHaltedBefore(ThreadLocalRandom.current().nextInt(steps) + 1, story);
            case "all" -> {
                int step = 1;
                while (isHaltedBefore(step, story)) {
                    step++;
                }
            }
            default -> {
                for (String step : STEPS.split(",")) {
                    isHaltedBefore(Integer.parseInt(step), story);
                }
            }
        }
    }

    private int countSteps(Story story) throws IOException {
        Errand errand = Errand.begin(api, story, ++errands);
        haltBefore(0);
        errand.finish(api);
        int steps = Integer.parseInt(api.get("/halts").body());
        errand.check(api, service.log());
        return steps;
    }

    /** False if there was no such step; it is killed after the last one then. */
    private boolean isHaltedBefore(int step, Story story) throws IOException {
        Errand errand = Errand.begin(api, story, ++errands);
        haltBefore(step);
        boolean halted = isCutOff(errand);
        service.close();
        List<String> logBefore = service.log();
        log.info("{} {} {}", story, halted ? "halted before" : "killed after", lastStepIn(logBefore));

        start();
        errand.finish(api);
        errand.check(
                api, Stream.concat(logBefore.stream(), service.log().stream()).toList());
        return halted;
    }

    private void haltBefore(int step) throws IOException {
        assertThat(api.post("/halts/" + step, "").isSuccess()).isTrue();
    }

    private static String lastStepIn(List<String> log) {
        return log.stream()
                .filter(line -> line.contains(": Step "))
                .reduce("no step", (before, line) -> line.substring(line.indexOf("Step ")));
    }

    private boolean isCutOff(Errand errand) {
        try {
            errand.finish(api);
            return false;
        } catch (IOException cutOff) {
            service.awaitExit(PROMISED);
            return true;
        }
    }
}
