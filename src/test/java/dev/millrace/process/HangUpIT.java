package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.process.Api.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import lombok.extern.slf4j.Slf4j;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that hang up in the middle of a payment: it is made or not, and the service is none the worse for it. */
@Slf4j
class HangUpIT {

    private static final int CLIENTS = Integer.getInteger("millrace.hangup.clients", 300);
    private static final int USERS = 8;
    private static final int SIDE_BY_SIDE = 50;
    private static final int LONGEST_PAUSE_MILLIS = 20;

    private final Customers customers = new Customers();
    private final ExecutorService clients = Executors.newFixedThreadPool(50);

    @TempDir
    Path data;

    @Test
    void paysOnceOrNotAtAllWhoeverHangsUp() throws Exception {
        try (RunningJar service = RunningJar.start(data)) {
            Api api = new Api(service.address());
            customers.putProductsOnSale(api);
            List<MoneyRequest> payments = prepareOrders(api, CLIENTS);

            hangUpOnAll(service, payments);
            awaitConnectionsReturned(api);

            int made = 0;
            for (MoneyRequest payment : payments) {
                Reply reply = customers.send(api, payment);
                made += reply.replayed() ? 1 : 0;
            }
            assertThat(made).as("payments made for clients that had hung up").isPositive();
            log.info("{} hung up, {} of their payments were made", payments.size(), made);
            paysPromptly(api);
            Audit audit = new Audit(api, customers.answered());
            audit.findsEveryPaidOrderConfirmed();
            audit.findsEverySaleCountedOnce();
            audit.findsEveryBalanceExplained();
            audit.findsEveryAnswerAgain();
            assertThat(service.log().stream().filter(HangUpIT::blamesTheService))
                    .isEmpty();
        } finally {
            clients.shutdownNow();
        }
    }

    /** A client that hangs up is no failure of ours. */
    private static boolean blamesTheService(String line) {
        return line.contains(" ERROR ") && (line.contains("dev.millrace") || line.contains("500 Server Error"));
    }

    private List<MoneyRequest> prepareOrders(Api api, int count) throws Exception {
        List<Future<MoneyRequest>> orders = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            long userId = 1 + number % USERS;
            orders.add(clients.submit(() -> customers.prepareOrder(api, userId)));
        }
        return join(orders);
    }

    /** A third breaks off half-way, a third hangs up at once, and a third a little later. */
    private void hangUpOnAll(RunningJar service, List<MoneyRequest> payments) throws Exception {
        List<Future<Void>> calls = new ArrayList<>();
        for (int number = 0; number < payments.size(); number++) {
            MoneyRequest payment = payments.get(number);
            int kind = number % 3;
            calls.add(clients.submit(() -> {
                hangUpOn(service, payment, kind);
                return null;
            }));
        }
        join(calls);
    }

    private static void hangUpOn(RunningJar service, MoneyRequest payment, int kind) throws IOException {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        try (RawRequest request = RawRequest.to(service.address(), payment)) {
            if (kind == 0) {
                request.send(random.nextInt(request.length()));
            } else {
                request.sendRest();
            }
            if (kind == 2) {
                request.awaitAnswer(random.nextInt(1, LONGEST_PAUSE_MILLIS));
            }
            request.hangUp(random.nextBoolean());
        }
    }

    private static void awaitConnectionsReturned(Api api) {
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
            assertThat(metric(api, "r2dbc.pool.acquired")).isZero();
            assertThat(metric(api, "r2dbc.pool.pending")).isZero();
        });
    }

    private void paysPromptly(Api api) throws Exception {
        List<MoneyRequest> payments = prepareOrders(api, SIDE_BY_SIDE);
        long start = System.nanoTime();

        List<Future<Reply>> replies = new ArrayList<>();
        payments.forEach(payment -> replies.add(clients.submit(() -> customers.send(api, payment))));
        join(replies);

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    }

    private static double metric(Api api, String name) throws IOException {
        return api.get("/actuator/metrics/" + name)
                .json()
                .at("/measurements/0/value")
                .asDouble();
    }

    private static <T> List<T> join(List<Future<T>> futures) throws Exception {
        List<T> results = new ArrayList<>();
        for (Future<T> future : futures) {
            results.add(future.get());
        }
        return results;
    }
}
