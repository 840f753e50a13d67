package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.process.Api.Reply;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import lombok.extern.slf4j.Slf4j;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that hang up in the middle of a payment: it is made or not, and the service is none the worse for it. */
@Slf4j
class HangUpIT {

    private static final int CLIENTS = Integer.getInteger("millrace.hangup.clients", 300);
    private static final int USERS = 8;
    private static final int SIDE_BY_SIDE = 50;

    private final Customers customers = new Customers();

    @TempDir
    Path data;

    @Test
    void paysOnceOrNotAtAllWhoeverHangsUp() throws Exception {
        try (RunningJar service = RunningJar.start(data)) {
            Api api = new Api(service.address());
            customers.putProductsOnSale(api);
            List<MoneyRequest> payments = prepareOrders(api, CLIENTS);

            HangUps.on(service, payments);
            new Audit(api, Map.of()).findsNoConnectionLost();

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
        }
    }

    /** A client that hangs up is no failure of ours. */
    private static boolean blamesTheService(String line) {
        return line.contains(" ERROR ") && (line.contains("dev.millrace") || line.contains("500 Server Error"));
    }

    private List<MoneyRequest> prepareOrders(Api api, int count) throws Exception {
        return SideBySide.call(
                SIDE_BY_SIDE,
                IntStream.range(0, count).mapToObj(number -> () -> customers.prepareOrder(api, 1 + number % USERS)));
    }

    private void paysPromptly(Api api) throws Exception {
        List<MoneyRequest> payments = prepareOrders(api, SIDE_BY_SIDE);
        long start = System.nanoTime();

        SideBySide.call(SIDE_BY_SIDE, payments.stream().map(payment -> () -> customers.send(api, payment)));

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    }
}
