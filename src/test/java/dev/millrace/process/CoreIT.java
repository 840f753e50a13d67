package dev.millrace.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.DataDirectory;
import dev.millrace.process.Api.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The core's promises, asked of the packaged service over real connections: on PostgreSQL, and with Kafka too, where nothing but
 * the settings has changed.
 */
@ParameterizedClass
@EnumSource
@TestInstance(Lifecycle.PER_CLASS)
class CoreIT {

    private static final int AT_A_TIME = 200;
    private static final int RIVALS = 200;
    private static final int ORDERS = 60;
    private static final int COVERED = 20;
    private static final int REPETITIONS = 50;
    private static final int HANGING_UP = 100;

    /** What is set. */
    enum Settings {
        POSTGRESQL,
        POSTGRESQL_AND_KAFKA
    }

    @Parameter
    Settings settings;

    private Customers customers;
    private FragileKafka kafka;
    private RunningJar service;
    private Api api;

    @BeforeParameterizedClassInvocation
    void start() throws IOException {
        Path data = DataDirectory.create();
        List<String> storage = Storage.POSTGRESQL.create(data);
        if (settings == Settings.POSTGRESQL_AND_KAFKA) {
            kafka = FragileKafka.in(data);
            service = RunningJar.start(storage, kafka.arguments().toArray(String[]::new));
        } else {
            service = RunningJar.start(storage);
        }
        api = new Api(service.address());
        customers = new Customers();
        customers.putProductsOnSale(api);
    }

    @AfterParameterizedClassInvocation
    void stop() {
        if (service != null) {
            service.close();
        }
        if (kafka != null) {
            kafka.close();
        }
    }

    /** Of all that has been answered so far, everything follows, and follows once. */
    @AfterEach
    void audit() throws IOException {
        Audit audit = new Audit(api, customers.answered());
        audit.findsNoConnectionLost();
        audit.findsEveryPaidOrderConfirmed();
        audit.findsEveryPaidOrderExportedOnce(List.of(service));
        audit.findsEverySaleCountedOnce();
        audit.findsEveryBalanceExplained();
        audit.findsEveryAnswerAgain();
        audit.findsNoInvariantViolated();
    }

    @Test
    void takesOnePaymentForAnOrderHoweverManyTry() throws Exception {
        long user = 1;
        MoneyRequest first = customers.prepareOrder(api, user);
        customers.send(api, MoneyRequest.charge(user, -first.amount() * RIVALS));
        List<MoneyRequest> rivals = Stream.generate(() ->
                        MoneyRequest.payment(user, -first.amount(), first.sale().orElseThrow()))
                .limit(RIVALS)
                .toList();

        List<Reply> replies = sendAll(rivals);

        assertThat(replies).extracting(Reply::status).containsOnly(200, 409).containsOnlyOnce(200);
        acceptPaid(rivals, replies);
    }

    @Test
    void paysAsManyOrdersAsTheBalanceCovers() throws Exception {
        long user = 2;
        long product = customers.anyProduct();
        List<MoneyRequest> payments = SideBySide.call(
                AT_A_TIME,
                IntStream.range(0, ORDERS).mapToObj(number -> () -> customers.placeOrder(api, user, product, 1)));
        customers.send(api, MoneyRequest.charge(user, -payments.get(0).amount() * COVERED));

        List<Reply> replies = sendAll(payments);

        assertThat(replies).extracting(Reply::status).containsOnly(200, 402);
        assertThat(replies).filteredOn(Reply::isSuccess).hasSize(COVERED);
        acceptPaid(payments, replies);
    }

    @Test
    void givesOneAnswerToOneKeyHoweverOftenItIsSent() throws Exception {
        MoneyRequest payment = customers.prepareOrder(api, 3);

        List<Reply> replies = sendAll(
                IntStream.range(0, REPETITIONS).mapToObj(number -> payment).toList());

        Set<String> bodies = new HashSet<>();
        replies.forEach(reply -> bodies.add(reply.body()));
        assertThat(replies).extracting(Reply::status).containsOnly(200);
        assertThat(replies).extracting(Reply::replayed).containsOnlyOnce(false);
        assertThat(bodies).hasSize(1);
        customers.accept(payment, replies.get(0));
    }

    @Test
    void paysOnceOrNotAtAllWhoeverHangsUp() throws Exception {
        List<MoneyRequest> payments = SideBySide.call(
                AT_A_TIME,
                IntStream.range(0, HANGING_UP).mapToObj(number -> () -> customers.prepareOrder(api, 4 + number % 8)));

        HangUps.on(service, payments);

        List<Reply> replies = sendAll(payments);
        assertThat(replies).extracting(Reply::status).containsOnly(200);
        assertThat(replies).extracting(Reply::replayed).contains(true, false);
        acceptPaid(payments, replies);
    }

    private List<Reply> sendAll(List<MoneyRequest> requests) throws Exception {
        return SideBySide.call(AT_A_TIME, requests.stream().map(request -> () -> request.sendTo(api)));
    }

    private void acceptPaid(List<MoneyRequest> requests, List<Reply> replies) throws IOException {
        for (int number = 0; number < requests.size(); number++) {
            if (replies.get(number).isSuccess()) {
                customers.accept(requests.get(number), replies.get(number));
            }
        }
    }
}
