package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import lombok.extern.slf4j.Slf4j;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stops the service while it works: whoever it has begun to serve is served, and nothing is left half done. */
@Slf4j
class GracefulStopIT {

    private static final int ROUNDS = Integer.getInteger("millrace.stop.rounds", 1);
    private static final Duration PROMISED = Duration.ofSeconds(10);
    private static final int HALF_SENT = 5;

    private final Customers customers = new Customers();
    private final List<RunningJar> runs = new ArrayList<>();

    @TempDir
    Path data;

    @AfterEach
    void stop() {
        runs.forEach(RunningJar::close);
    }

    @Test
    void answersWhatItHasBegunAndLeavesNothingBehind() throws Exception {
        for (int round = 1; round <= ROUNDS; round++) {
            RunningJar service = start();
            Api api = new Api(service.address());
            if (round == 1) {
                customers.putProductsOnSale(api);
            }

            stopUnderLoad(service, api);

            assertThat(customers.unexpected()).isEmpty();
            assertThat(service.log().stream().filter(GracefulStopIT::tellsOfTrouble))
                    .isEmpty();
            assertThat(isClosedCleanly()).isTrue();
        }
        Audit audit = new Audit(new Api(start().address()), customers.answered());
        audit.findsEveryPaidOrderConfirmed();
        audit.findsEveryPaidOrderExported(runs);
        audit.findsEverySaleCountedOnce();
        audit.findsNothingOf(customers.unanswered());
        audit.findsEveryBalanceExplained();
        audit.findsEveryAnswerAgain();
    }

    private void stopUnderLoad(RunningJar service, Api api) throws Exception {
        List<RawRequest> halfSent = sendHalfOfSomePayments(service, api);
        int enough = customers.answeredCount() + 100;
        List<Thread> threads = customers.letIn(api);
        await().atMost(PROMISED).until(() -> customers.answeredCount() >= enough);

        int before = customers.answeredCount();
        service.requestStop();
        await().until(() -> service.log().stream().anyMatch(line -> line.contains("no request is begun any more")));
        for (RawRequest payment : halfSent) {
            payment.sendRest();
        }

        for (RawRequest payment : halfSent) {
            customers.accept(payment.request(), payment.readReply());
        }
        service.awaitExit(PROMISED);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(customers.answeredCount()).isGreaterThanOrEqualTo(before + HALF_SENT);
        log.info(
                "{} answered, {} of them after the stop was requested; {} not begun",
                customers.answeredCount(),
                customers.answeredCount() - before,
                customers.unanswered().size());
    }

    private RunningJar start() {
        RunningJar service = RunningJar.start(data);
        runs.add(service);
        return service;
    }

    /** They have arrived when the customers come in; the service waits for the rest. */
    private List<RawRequest> sendHalfOfSomePayments(RunningJar service, Api api) throws IOException {
        List<RawRequest> payments = new ArrayList<>();
        for (int user = 1; user <= HALF_SENT; user++) {
            RawRequest payment = RawRequest.to(service.address(), customers.prepareOrder(api, user));
            payment.send(payment.length() - 10);
            payments.add(payment);
        }
        return payments;
    }

    private static boolean tellsOfTrouble(String line) {
        return line.contains("90121")
                || line.contains("Database is already closed")
                || line.stripLeading().startsWith("at ")
                || line.contains(" ERROR ");
    }

    /** H2 marks the header of its file when it is closed as it should be. */
    private boolean isClosedCleanly() throws IOException {
        try (var file = Files.newByteChannel(data.resolve("millrace.mv.db"))) {
            ByteBuffer header = ByteBuffer.allocate(4096);
            file.read(header);
            return new String(header.array(), StandardCharsets.ISO_8859_1).contains("clean:1");
        }
    }
}
