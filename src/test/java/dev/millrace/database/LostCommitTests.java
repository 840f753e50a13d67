package dev.millrace.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.database.CuttingProxy.Cut;
import dev.millrace.harness.Books;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.Postgres;
import dev.millrace.harness.Reply;
import dev.millrace.harness.Shop;
import dev.millrace.shared.InFlight;
import dev.millrace.transaction.Lane;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
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
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The connection to PostgreSQL is cut at the commit of payments that share it: before the server gets it, before the service
 * gets the answer, and in the midst of the answer. Nobody notices, and nothing is done twice.
 */
@Tag("postgresql")
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@ContextConfiguration(initializers = LostCommitTests.ThroughTheProxy.class)
@Import({Shop.class, Ledger.class, Books.class})
@TestConstructor(autowireMode = AutowireMode.ALL)
@DirtiesContext
@RequiredArgsConstructor
class LostCommitTests {

    private static final int PAYERS = 8;
    private static final long PRICE = 700;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static CuttingProxy proxy;

    private final TransactionalOperator tx;
    private final InFlight inFlight;
    private final Shop shop;
    private final Ledger ledger;
    private final Books books;
    private final Sinks.Empty<Void> gate = Sinks.empty();

    /** All payments are in one lane, and what commits at times of its own does not; a lease ends soon. */
    static final class ThroughTheProxy implements ApplicationContextInitializer<ConfigurableApplicationContext> {

        @Override
        public void initialize(ConfigurableApplicationContext context) {
            proxy = CuttingProxy.before(Postgres.port());
            TestPropertyValues.of(Postgres.freshDatabase().propertiesThrough(proxy.port()))
                    .and(
                            "millrace.transaction.lanes=1",
                            "millrace.bus.lease=2s",
                            "millrace.order.expiry-interval=1h",
                            "millrace.compensation.stranded-interval=1h",
                            "millrace.invariants.interval=1h")
                    .applyTo(context);
        }
    }

    private record Payer(long user, UUID order) {}

    @AfterAll
    static void close() throws IOException {
        proxy.close();
    }

    /** The COMMIT is the first message, the server's answer to it the second, and that it is ready again the third. */
    static Stream<Arguments> cuts() {
        return Stream.of(Cut.values())
                .flatMap(cut -> IntStream.rangeClosed(1, 3).mapToObj(message -> Arguments.of(cut, message)));
    }

    @ParameterizedTest
    @MethodSource("cuts")
    void isFoundOut(Cut cut, int message) {
        long product = shop.aProduct(PRICE);
        List<Payer> payers =
                IntStream.range(0, PAYERS).mapToObj(i -> aPayer(product)).toList();
        await().until(() -> inFlight.count() == 0);

        CompletableFuture<Void> holder = holdTheLane();
        List<CompletableFuture<Reply>> replies = payers.stream()
                .map(payer -> shop.pay(payer.order(), payer.user()).toFuture())
                .toList();
        await().until(() -> inFlight.count() == 1 + PAYERS);
        proxy.cutFromCommit(message, cut);
        gate.tryEmitEmpty();

        assertThat(holder).failsWithin(PATIENCE);
        assertThat(replies)
                .map(CompletableFuture::join)
                .allSatisfy(reply -> assertThat(reply.status()).as("%s", reply).isEqualTo(200));
        assertThat(proxy.isCommitSaid()).isTrue();
        assertThat(payers).allSatisfy(payer -> {
            assertThat(ledger.paymentsOf(payer.order())).isEqualTo(1);
            assertThat(shop.balanceOf(payer.user())).isZero();
        });
        awaitWhatFollows(payers);
        books.assertThatTheyAddUp();
    }

    private Payer aPayer(long product) {
        long user = shop.aUserWith(PRICE);
        return new Payer(user, shop.anOrderOf(user, product, 1));
    }

    /** Ends without a commit. */
    private CompletableFuture<Void> holdTheLane() {
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Void> held = gate.asMono()
                .doFirst(begun::countDown)
                .then(Mono.<Void>error(new IllegalStateException("enough")))
                .as(tx::transactional)
                .contextWrite(new Lane("payment", 0, "holder").joined())
                .toFuture();
        await().until(() -> begun.getCount() == 0);
        return held;
    }

    /** The bus has not heard of a commit that was found out; then the sweeper delivers, when the lease has ended. */
    private void awaitWhatFollows(List<Payer> payers) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(payers).allSatisfy(payer -> {
            assertThat(shop.statusOf(payer.order())).isEqualTo("CONFIRMED");
            assertThat(ledger.deliveriesOf(payer.order())).isZero();
        }));
    }
}
