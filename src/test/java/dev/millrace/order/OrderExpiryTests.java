package dev.millrace.order;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.Books;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.Reply;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.junit.jupiter.api.Test;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.test.context.TestPropertySource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** An order that is not paid in time is given up; one that is paid is not. Nobody but the tests has orders expire. */
@Slf4j
@RunningService
@TestPropertySource(properties = "millrace.order.expiry-interval=1h")
@RequiredArgsConstructor
class OrderExpiryTests {

    private static final int RACES = Integer.getInteger("millrace.races", 200);
    private static final int AT_ONCE = 4;

    private final Shop shop;
    private final Ledger ledger;
    private final Books books;
    private final OrderExpiry expiry;
    private final DatabaseClient database;

    private record Result(UUID order, Reply paid) {}

    @Test
    void refusesToTakeAPaymentForAnOrderThatHasExpired() {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);
        now(lapse(order).thenReturn(true));

        expiry.expireOrders().as(StepVerifier::create).verifyComplete();

        assertThat(shop.statusOf(order)).isEqualTo("EXPIRED");
        Reply refused = now(shop.pay(order, user));
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.code()).isEqualTo("order-not-payable");
        assertThat(refused.text("orderStatus")).isEqualTo("EXPIRED");
        assertThat(shop.balanceOf(user)).isEqualTo(10_000);
        assertThat(now(shop.cancel(order)).code()).isEqualTo("illegal-transition");
    }

    @Test
    void leavesOrdersAloneThatStillHaveTimeOrWaitForNoPayment() {
        long user = shop.aUserWith(10_000);
        UUID fresh = shop.anOrder(user, 1_000);
        UUID paid = shop.anOrder(user, 1_000);
        UUID cancelled = shop.anOrder(user, 1_000);
        now(shop.pay(paid, user));
        now(shop.cancel(cancelled));

        expiry.expireOrders().as(StepVerifier::create).verifyComplete();

        assertThat(shop.statusOf(fresh)).isEqualTo("CREATED");
        assertThat(shop.statusOf(paid)).isNotEqualTo("EXPIRED");
        assertThat(shop.statusOf(cancelled)).isEqualTo("CANCELLED");
    }

    /** The time of each order is over; until it is marked, it can be paid. */
    @Test
    void eitherExpiresOrIsPaid() {
        List<Result> results = Flux.range(0, RACES)
                .flatMap(number -> race(shop.aUser()), AT_ONCE)
                .collectList()
                .block(Duration.ofMinutes(5));

        Map<String, Long> ends = results.stream().collect(Collectors.groupingBy(this::endOf, Collectors.counting()));
        log.info("Pay against expiry, {} races: {}", RACES, ends);
        assertThat(ends.keySet()).isSubsetOf("200: paid", "409: EXPIRED");
        books.assertThatTheyAddUp();
    }

    private Mono<Result> race(long user) {
        return shop.charge(user, 1_000)
                .then(shop.post("/products", "{\"name\":\"Thing\",\"price\":400}"))
                .flatMap(product -> shop.order(user, product.number("id"), 1))
                .map(Reply::id)
                .delayUntil(this::lapse)
                .flatMap(order -> Mono.zip(
                        payAfterAWhile(order, user), expireAfterAWhile(), (paid, expired) -> new Result(order, paid)));
    }

    private Mono<Reply> payAfterAWhile(UUID order, long user) {
        return aWhile(2_000_000).then(shop.pay(order, user));
    }

    private Mono<Boolean> expireAfterAWhile() {
        return aWhile(6_000_000).then(expiry.expireOrders()).thenReturn(true);
    }

    private static Mono<Long> aWhile(long nanos) {
        return Mono.defer(
                () -> Mono.delay(Duration.ofNanos(ThreadLocalRandom.current().nextLong(nanos))));
    }

    private Mono<Void> lapse(UUID order) {
        return database.sql("UPDATE open_order SET expires_at = expires_at - INTERVAL '1' HOUR WHERE order_id = :id")
                .bind("id", order)
                .then();
    }

    private String endOf(Result result) {
        String status = shop.statusOf(result.order);
        long payments = ledger.paymentsOf(result.order);
        boolean expired = status.equals("EXPIRED");
        assertThat(payments).isEqualTo(expired ? 0 : 1);
        return result.paid.status() + ": " + (expired ? status : "paid");
    }
}
