package dev.millrace.database;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.database.CuttingProxy.Cut;
import dev.millrace.harness.Books;
import dev.millrace.harness.Postgres;
import dev.millrace.harness.Postgres.Database;
import dev.millrace.harness.Reply;
import dev.millrace.harness.Shop;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.ContextConfiguration;
import org.springframework.test.context.TestConstructor;
import org.springframework.test.context.TestConstructor.AutowireMode;
import reactor.core.publisher.Mono;

/**
 * A request's connection to PostgreSQL is cut before each message that is said on it, one after the other. Wherever that is: a
 * success that is answered is in the database, everything else is a 5xx, and the key tells which it was.
 */
@Slf4j
@Tag("postgresql")
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@ContextConfiguration(initializers = EveryCutTests.ThroughTheProxy.class)
@Import({Shop.class, Books.class})
@TestConstructor(autowireMode = AutowireMode.ALL)
@DirtiesContext
@RequiredArgsConstructor
class EveryCutTests {

    private static final int FEWEST_CUTS = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long PRICE = 700;

    private static CuttingProxy proxy;
    private static Database database;

    private final Shop shop;
    private final Books books;

    /** Nothing is said on a connection but for the request; no statement is prepared before, so that all are equally long. */
    static final class ThroughTheProxy implements ApplicationContextInitializer<ConfigurableApplicationContext> {

        @Override
        public void initialize(ConfigurableApplicationContext context) {
            database = Postgres.freshDatabase();
            proxy = CuttingProxy.before(Postgres.port());
            TestPropertyValues.of(database.propertiesThrough(proxy.port()))
                    .and(
                            "spring.r2dbc.properties.preparedStatementCacheQueries=0",
                            "spring.r2dbc.pool.initial-size=1",
                            "spring.r2dbc.pool.max-size=1",
                            "millrace.bus.sweep-interval=1h",
                            "millrace.order.expiry-interval=1h",
                            "millrace.compensation.stranded-interval=1h",
                            "millrace.invariants.interval=1h")
                    .applyTo(context);
        }
    }

    @AfterAll
    static void close() throws IOException {
        proxy.close();
    }

    @ParameterizedTest
    @EnumSource
    void ofACharge(Cut cut) {
        cutEverywhere(cut, () -> {
            long user = shop.aUser();
            shop.balanceOf(user);
            String key = UUID.randomUUID().toString();
            return new Request(
                    shop.post("/balances/" + user + "/charges", "{\"amount\":%d}".formatted(PRICE), key),
                    "SELECT count(*) FROM balance_entry WHERE user_id = " + user,
                    true);
        });
    }

    @ParameterizedTest
    @EnumSource
    void ofAnOrder(Cut cut) {
        long product = shop.aProduct(PRICE);
        cutEverywhere(cut, () -> {
            long user = shop.aUser();
            shop.balanceOf(user);
            return new Request(
                    shop.order(user, product, 1), "SELECT count(*) FROM orders WHERE user_id = " + user, false);
        });
    }

    @ParameterizedTest
    @EnumSource
    void ofAPayment(Cut cut) {
        long product = shop.aProduct(PRICE);
        cutEverywhere(cut, () -> {
            long user = shop.aUserWith(PRICE);
            UUID order = shop.anOrderOf(user, product, 1);
            return new Request(
                    shop.pay(order, user, UUID.randomUUID().toString()),
                    "SELECT count(*) FROM payment WHERE order_id = '%s'".formatted(order),
                    true);
        });
    }

    /** A request, how often its effect is found in the database, and whether it may be repeated. */
    private record Request(Mono<Reply> send, String effects, boolean hasKey) {}

    private void cutEverywhere(Cut cut, Supplier<Request> requests) {
        awaitQuiet();
        Map<Request, Long> unanswered = new LinkedHashMap<>();
        Reply reply = null;
        while (reply == null || !isSuccess(reply)) {
            Request request = requests.get();
            await().pollInterval(Duration.ofMillis(1)).until(proxy::isAtRest);
            proxy.cutBefore(unanswered.size() + 1, cut);
            reply = now(request.send());
            proxy.cutNothing();

            long effects = database.count(request.effects());
            if (isSuccess(reply)) {
                assertThat(effects).as("after %s", reply).isEqualTo(1);
            } else {
                assertThat(reply.status()).as("%s", reply).isEqualTo(503);
                assertThat(effects).as("after %s", reply).isBetween(0L, 1L);
                unanswered.put(request, effects);
            }
        }
        int cuts = unanswered.size();
        int committed = Collections.frequency(unanswered.values(), 1L);
        log.info("{}: {} cuts, {} of them after the commit", cut, cuts, committed);
        assertThat(cuts).isGreaterThan(FEWEST_CUTS);
        assertThat(committed).isPositive();
        unanswered.forEach(this::repeat);
        books.assertThatTheyAddUp();
    }

    private void repeat(Request request, long effects) {
        if (request.hasKey()) {
            Reply again = now(request.send());
            assertThat(isSuccess(again)).as("%s", again).isTrue();
            assertThat(again.isReplayed()).isEqualTo(effects == 1);
            assertThat(database.count(request.effects())).isEqualTo(1);
        }
    }

    private static boolean isSuccess(Reply reply) {
        return reply.status() / 100 == 2;
    }

    /** What follows from earlier payments is done. */
    private static void awaitQuiet() {
        await().atMost(PATIENCE).until(() -> proxy.isQuietFor(Duration.ofSeconds(1)));
    }
}
