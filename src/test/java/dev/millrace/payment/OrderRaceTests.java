package dev.millrace.payment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Books;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.Reply;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.order.OrderConfirmationFailedEvent;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import lombok.extern.slf4j.Slf4j;
import org.junit.jupiter.api.Test;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Whoever wants an order at the same moment as its confirmation: one of the two gets it, and the money follows. */
@Slf4j
@RunningService
@RequiredArgsConstructor
class OrderRaceTests {

    private static final int RACES = Integer.getInteger("millrace.races", 200);
    private static final int AT_ONCE = 4;
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

    private final Shop shop;
    private final Ledger ledger;
    private final Books books;
    private final CompensationHandler compensations;
    private final TransactionalOperator tx;

    private record Race(UUID order, long user, Reply paid) {}

    /** @param given what whoever raced the confirmation was told */
    private record Result(Race race, String given) {}

    @Test
    void eitherConfirmsOrCompensates() {
        List<Result> results = race((race, paid) -> compensate(race));

        await().timeout(LONGEST_WAIT).untilAsserted(() -> assertThatNothingIsOwed(results, "confirm", "compensate"));
        Map<String, Long> ends = results.stream().collect(Collectors.groupingBy(this::endOf, Collectors.counting()));
        log.info("Confirm against compensate, {} races: {}", RACES, ends);
        assertThat(ends.keySet()).isSubsetOf("CONFIRMED, paid", "CONFIRMATION_FAILED, refunded");
        assertThat(results).allSatisfy(result -> assertThat(ledger.eventsOf(result.race.order))
                .doesNotContain("order.confirmation-failed.v1"));
        books.assertThatTheyAddUp();
    }

    @Test
    void eitherConfirmsOrCancels() {
        List<Result> results = race((race, paid) -> shop.cancel(race.order).map(reply -> reply.status() + ""));

        await().timeout(LONGEST_WAIT).untilAsserted(() -> assertThatNothingIsOwed(results, "confirm", "compensate"));
        Map<String, Long> ends = results.stream()
                .collect(Collectors.groupingBy(result -> result.given + ": " + endOf(result), Collectors.counting()));
        log.info("Confirm against cancel, {} races: {}", RACES, ends);
        assertThat(ends.keySet()).isSubsetOf("409: CONFIRMED, paid", "200: CANCELLED, refunded");
        books.assertThatTheyAddUp();
    }

    /** A payment that comes before the cancel is confirmed before it too, or goes back; one that comes after it is refused. */
    @Test
    void isPaidBeforeItIsCancelledOrNever() {
        List<Result> results = Flux.range(0, RACES)
                .flatMap(number -> payAndCancel(shop.aUser()), AT_ONCE)
                .collectList()
                .block(Duration.ofMinutes(5));

        await().timeout(LONGEST_WAIT).untilAsserted(() -> assertThatNothingIsOwed(results, "confirm", "compensate"));
        Map<String, Long> ends = results.stream()
                .collect(Collectors.groupingBy(
                        result -> "%d %s: %s".formatted(result.race.paid.status(), result.given, endOf(result)),
                        Collectors.counting()));
        log.info("Pay against cancel, {} races: {}", RACES, ends);
        assertThat(ends.keySet())
                .isSubsetOf("200 409: CONFIRMED, paid", "200 200: CANCELLED, refunded", "409 200: CANCELLED, refunded");
        assertThat(results).allSatisfy(result -> assertThat(ledger.paymentsOf(result.race.order))
                .isEqualTo(result.race.paid.status() == 200 ? 1 : 0));
        books.assertThatTheyAddUp();
    }

    @Test
    void eitherConfirmsOrIsRefundedAndUndone() {
        List<Result> results = race((race, paid) -> shop.post(
                        "/payments/" + race.paid.text("id") + "/refunds", "{\"reason\":\"changed my mind\"}")
                .map(reply -> reply.status() + ""));

        await().timeout(LONGEST_WAIT).untilAsserted(() -> assertThatNothingIsOwed(results, "confirm", "ranking"));
        Map<String, Long> ends = results.stream()
                .collect(Collectors.groupingBy(result -> result.given + ": " + endOf(result), Collectors.counting()));
        log.info("Confirm against refund, {} races: {}", RACES, ends);
        assertThat(ends.keySet()).isSubsetOf("201: REFUNDED, refunded", "201: CONFIRMATION_FAILED, refunded");
        assertThat(results).allSatisfy(result -> assertThat(ledger.count("""
                        SELECT CAST(COALESCE(SUM(s.quantity), 0) AS BIGINT) FROM product_sales s
                          JOIN order_item i ON i.product_id = s.product_id WHERE i.order_id = :id
                        """, result.race.order))
                .isZero());
        books.assertThatTheyAddUp();
    }

    /** Pays orders; the moment one is paid, and so on its way to be confirmed, somebody else wants it. */
    private List<Result> race(BiFunction<Race, Reply, Mono<String>> rival) {
        return Flux.range(0, RACES)
                .flatMap(number -> race(rival, shop.aUser()), AT_ONCE)
                .collectList()
                .block(Duration.ofMinutes(5));
    }

    private Mono<Result> race(BiFunction<Race, Reply, Mono<String>> rival, long user) {
        return anOrder(user)
                .flatMap(order -> shop.pay(order, user).map(paid -> new Race(order, user, paid)))
                .delayUntil(race -> aWhile(8_000_000))
                .flatMap(race -> rival.apply(race, race.paid).map(given -> new Result(race, given)));
    }

    private Mono<Result> payAndCancel(long user) {
        return anOrder(user)
                .flatMap(order -> Mono.zip(
                        aWhile(3_000_000).then(shop.pay(order, user)),
                        aWhile(3_000_000).then(shop.cancel(order)),
                        (paid, cancelled) -> new Result(new Race(order, user, paid), cancelled.status() + "")));
    }

    private Mono<UUID> anOrder(long user) {
        return shop.charge(user, 1_000)
                .then(shop.post("/products", "{\"name\":\"Thing\",\"price\":400}"))
                .flatMap(product -> shop.order(user, product.number("id"), 1))
                .map(Reply::id);
    }

    private static Mono<Long> aWhile(long nanos) {
        return Mono.defer(
                () -> Mono.delay(Duration.ofNanos(ThreadLocalRandom.current().nextLong(nanos))));
    }

    private Mono<String> compensate(Race race) {
        UUID payment = race.paid.id();
        return compensations
                .handle(new OrderConfirmationFailedEvent(race.order, payment, "race", true, 1))
                .as(tx::transactional)
                .thenReturn("");
    }

    private String endOf(Result result) {
        long balance = shop.balanceOf(result.race.user);
        assertThat(balance).isIn(600L, 1_000L);
        return shop.statusOf(result.race.order) + (balance == 600 ? ", paid" : ", refunded");
    }

    private void assertThatNothingIsOwed(List<Result> results, String... handlers) {
        assertThat(results).allSatisfy(result -> assertThat(ledger.handlersOwed(result.race.order))
                .doesNotContain(handlers));
    }
}
