package dev.millrace.order;

import static dev.millrace.harness.Shop.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.transaction.Lane;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.test.context.TestPropertySource;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/**
 * An order is open until it is decided, and only an open one can be paid: alone and together with others alike. Nobody but the
 * tests has orders expire.
 */
@RunningService
@TestPropertySource(properties = "millrace.order.expiry-interval=1h")
@RequiredArgsConstructor
class OpenOrderTests {

    private static final long PRICE = 700;
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
    private static final Duration A_WHILE = Duration.ofMillis(300);

    private final OrderUseCase useCase;
    private final OpenOrderRepository orders;
    private final OrderExpiry expiry;
    private final TransactionalOperator tx;
    private final DatabaseClient database;
    private final Shop shop;
    private final Ledger ledger;
    private final Sinks.Empty<Void> gate = Sinks.empty();
    private final CountDownLatch arrived = new CountDownLatch(1);

    enum Form {
        ALONE,
        TOGETHER
    }

    private record Open(long user, long total, Duration time, boolean paid) {}

    @AfterEach
    void openTheGate() {
        gate.tryEmitEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void isOpenFromWhenItIsPlaced(Form form) {
        long user = shop.aUser();
        var twice = new PlaceOrder(user, List.of(new PlaceOrder.Line(shop.aProduct(PRICE), 2)));

        List<Order> placed = joined(inForm(form, times(3, useCase.placeOrder(twice))));

        assertThat(placed).hasSize(3).allSatisfy(order -> assertThat(openOf(order.id()))
                .contains(new Open(user, 2 * PRICE, Duration.ofMinutes(30), false)));
    }

    @ParameterizedTest
    @EnumSource
    void canBePaidByItsUserUntilItIsPaidOrOver(Form form) {
        long user = shop.aUser();
        UUID waiting = shop.anOrder(user, PRICE);
        UUID other = shop.anOrder(user, PRICE);
        UUID somebodysElse = shop.anOrder(shop.aUser(), PRICE);
        UUID paid = aPaidOrder(user);
        UUID cancelled = shop.anOrder(user, PRICE);
        now(useCase.cancelOrder(cancelled));
        UUID abandoned = shop.anOrder(user, PRICE);
        now(useCase.abandonOrder(abandoned));
        UUID expired = aLapsedOrder(user);
        expire();
        List<UUID> all = List.of(waiting, somebodysElse, paid, cancelled, abandoned, expired, other);

        var claims = joined(inForm(form, all.stream().map(id -> claim(id, user)).toList()));

        assertThat(claims.stream().flatMap(Optional::stream).map(OrderToPay::id))
                .containsExactly(waiting, other);
        assertThat(claims.get(0)).hasValueSatisfying(order -> {
            assertThat(order.userId()).isEqualTo(user);
            assertThat(order.totalAmount().amount()).isEqualTo(PRICE);
        });
    }

    @ParameterizedTest
    @EnumSource
    void isClosedByItsConfirmation(Form form) {
        long user = shop.aUser();
        List<UUID> paid =
                Stream.generate(() -> shop.anOrder(user, PRICE)).limit(3).toList();
        joined(inForm(form, paid.stream().map(id -> pay(id, user)).toList()));
        assertThat(paid).allSatisfy(id -> assertThat(isPaid(id)).contains(true));

        joined(inForm(form, paid.stream().map(useCase::confirmOrder).toList()));

        assertThat(paid).allSatisfy(id -> assertThat(shop.statusOf(id)).isEqualTo("CONFIRMED"));
        assertThat(paid).allSatisfy(id -> assertThat(openOf(id)).isEmpty());
    }

    @Test
    void isClosedByACancelAndByTheExpiryIfItIsNotPaid() {
        long user = shop.aUser();
        UUID cancelled = shop.anOrder(user, PRICE);
        UUID lapsed = aLapsedOrder(user);

        now(useCase.cancelOrder(cancelled));
        expire();

        assertThat(shop.statusOf(cancelled)).isEqualTo("CANCELLED");
        assertThat(shop.statusOf(lapsed)).isEqualTo("EXPIRED");
        assertThat(openOf(cancelled)).isEmpty();
        assertThat(openOf(lapsed)).isEmpty();
    }

    @Test
    void staysOpenWhenItIsPaidAndOverUntilItsMoneyHasGoneBack() {
        long user = shop.aUser();
        UUID cancelled = aPaidOrder(user);
        UUID failed = aPaidOrder(user);
        UUID abandoned = aPaidOrder(user);
        List<UUID> all = List.of(cancelled, failed, abandoned);

        now(useCase.cancelOrder(cancelled));
        now(useCase.failConfirmation(new FailedConfirmation(failed, UUID.randomUUID(), "no stock", true, 1)));
        now(useCase.abandonOrder(abandoned));
        all.forEach(this::lapse);
        expire();
        assertThat(all).allSatisfy(id -> assertThat(isPaid(id)).contains(true));

        all.forEach(id -> now(useCase.refundOrder(id)));

        assertThat(all).allSatisfy(id -> assertThat(openOf(id)).isEmpty());
        assertThat(all.stream().map(shop::statusOf))
                .containsExactly("CANCELLED", "CONFIRMATION_FAILED", "CONFIRMATION_FAILED");
    }

    /** Each has to find its row; one that does not fails alone, and changes nothing. */
    @ParameterizedTest
    @EnumSource
    void isNeitherConfirmedNorPaidIfItIsNotThere(Form form) {
        long user = shop.aUser();
        UUID closed = aPaidOrder(user);
        change("DELETE FROM open_order WHERE order_id = :id", closed);
        UUID paid = aPaidOrder(user);
        UUID open = aPaidOrder(user);
        UUID waiting = shop.anOrder(user, PRICE);
        Mono<Boolean> again = useCase.endWaiting(paid).thenReturn(true);

        var confirmed =
                inForm(form, Stream.of(closed, open).map(useCase::confirmOrder).toList());
        var ended = inForm(form, List.of(again, pay(waiting, user)));

        confirmed.get(1).join();
        ended.get(1).join();
        assertThatItFails(confirmed.get(0));
        assertThatItFails(ended.get(0));
        assertThat(shop.statusOf(closed)).isEqualTo("CREATED");
        assertThat(shop.statusOf(open)).isEqualTo("CONFIRMED");
        assertThat(isPaid(waiting)).contains(true);
        now(useCase.cancelOrder(closed));
    }

    /** The expiry does not even wait for whoever pays. */
    @Test
    void isNotExpiredWhileItIsBeingPaid() {
        long user = shop.aUser();
        UUID order = aLapsedOrder(user);
        UUID other = aLapsedOrder(user);
        var paying = holding(orders.claim(order, user), useCase.endWaiting(order));

        expire();

        assertThat(shop.statusOf(other)).isEqualTo("EXPIRED");
        assertThat(shop.statusOf(order)).isEqualTo("CREATED");
        gate.tryEmitEmpty();
        paying.join();
        expire();
        assertThat(shop.statusOf(order)).isEqualTo("CREATED");
        assertThat(isPaid(order)).contains(true);
    }

    @Test
    void isNotExpiredWhileItIsBeingCancelled() {
        UUID order = aLapsedOrder(shop.aUser());
        var cancelling = holding(useCase.cancelOrder(order), Mono.empty());

        expire();

        gate.tryEmitEmpty();
        cancelling.join();
        assertThat(shop.statusOf(order)).isEqualTo("CANCELLED");
    }

    @Test
    void isNotPaidOnceItHasBeenExpired() {
        long user = shop.aUser();
        UUID order = aLapsedOrder(user);
        var expiring = holding(orders.expire(Instant.now(), 500), Mono.empty());

        var claimed = claim(order, user).as(tx::transactional).toFuture();
        assertThatItWaits(claimed);
        gate.tryEmitEmpty();

        expiring.join();
        assertThat(claimed.join()).isEmpty();
        assertThat(shop.statusOf(order)).isEqualTo("EXPIRED");
    }

    @Test
    void isNotPaidOnceItHasBeenCancelled() {
        long user = shop.aUser();
        UUID order = shop.anOrder(user, PRICE);
        var cancelling = holding(useCase.cancelOrder(order), Mono.empty());

        var claimed = claim(order, user).as(tx::transactional).toFuture();
        assertThatItWaits(claimed);
        gate.tryEmitEmpty();

        cancelling.join();
        assertThat(claimed.join()).isEmpty();
    }

    /** Nothing is lost: it stays open until the money that was taken has gone back. */
    @Test
    void staysOpenIfItIsCancelledWhileItIsBeingPaid() {
        long user = shop.aUser();
        UUID order = shop.anOrder(user, PRICE);
        var paying = holding(orders.claim(order, user), useCase.endWaiting(order));

        var cancelled = useCase.cancelOrder(order).toFuture();
        assertThatItWaits(cancelled);
        gate.tryEmitEmpty();

        paying.join();
        assertThat(cancelled.join().status()).isEqualTo(OrderStatus.CANCELLED);
        assertThat(isPaid(order)).contains(true);
    }

    /** Does the first thing, waits at the gate, and does the second one before it commits. */
    private CompletableFuture<Void> holding(Mono<?> first, Mono<Void> second) {
        CompletableFuture<Void> held = first.doOnSuccess(done -> arrived.countDown())
                .then(gate.asMono())
                .then(second)
                .as(tx::transactional)
                .toFuture();
        await().until(() -> arrived.getCount() == 0);
        return held;
    }

    private <T> List<CompletableFuture<T>> inForm(Form form, List<Mono<T>> work) {
        return form == Form.ALONE
                ? work.stream().map(one -> one.as(tx::transactional).toFuture()).toList()
                : together("test of open orders " + UUID.randomUUID(), work);
    }

    /** They queue up behind one that has the lane, and so share the next transaction. */
    private <T> List<CompletableFuture<T>> together(String lane, List<Mono<T>> work) {
        Sinks.Empty<Void> end = Sinks.empty();
        CountDownLatch begun = new CountDownLatch(1);
        var holder = inLane(lane, Mono.fromRunnable(begun::countDown).then(end.asMono()));
        await().until(() -> begun.getCount() == 0);
        List<CompletableFuture<T>> all =
                work.stream().map(one -> inLane(lane, one)).toList();
        end.tryEmitEmpty();
        holder.join();
        return all;
    }

    private <T> CompletableFuture<T> inLane(String lane, Mono<T> work) {
        return work.as(tx::transactional)
                .contextWrite(Lane.ofAny(lane).joined())
                .toFuture();
    }

    private static <T> List<T> joined(List<CompletableFuture<T>> all) {
        return all.stream().map(CompletableFuture::join).toList();
    }

    private static <T> List<Mono<T>> times(int times, Mono<T> work) {
        return IntStream.range(0, times).mapToObj(time -> work).toList();
    }

    private static void assertThatItFails(CompletableFuture<?> work) {
        assertThat(work)
                .failsWithin(LONGEST_WAIT)
                .withThrowableThat()
                .withCauseInstanceOf(OptimisticLockingFailureException.class);
    }

    private static void assertThatItWaits(CompletableFuture<?> work) {
        assertThat(work).failsWithin(A_WHILE).withThrowableOfType(TimeoutException.class);
    }

    private Mono<Optional<OrderToPay>> claim(UUID id, long user) {
        return useCase.claimForPayment(id, user).map(Optional::of).defaultIfEmpty(Optional.empty());
    }

    private Mono<Boolean> pay(UUID id, long user) {
        return useCase.claimForPayment(id, user)
                .flatMap(order -> useCase.endWaiting(id).thenReturn(true));
    }

    private UUID aPaidOrder(long user) {
        UUID order = shop.anOrder(user, PRICE);
        now(pay(order, user).as(tx::transactional));
        return order;
    }

    private UUID aLapsedOrder(long user) {
        UUID order = shop.anOrder(user, PRICE);
        lapse(order);
        return order;
    }

    private void lapse(UUID order) {
        change("UPDATE open_order SET expires_at = expires_at - INTERVAL '1' HOUR WHERE order_id = :id", order);
    }

    private void expire() {
        expiry.expireOrders().as(StepVerifier::create).verifyComplete();
    }

    private void change(String sql, UUID id) {
        assertThat(now(database.sql(sql).bind("id", id).fetch().rowsUpdated())).isEqualTo(1);
    }

    private Optional<Boolean> isPaid(UUID id) {
        return openOf(id).map(Open::paid);
    }

    private Optional<Open> openOf(UUID id) {
        return database.sql("""
                        SELECT o.user_id, o.total_amount, o.expires_at, o.paid, placed.created_at
                          FROM open_order o JOIN orders placed ON placed.id = o.order_id WHERE o.order_id = :id
                        """)
                .bind("id", id)
                .map(row -> new Open(
                        Objects.requireNonNull(row.get("user_id", Long.class)),
                        Objects.requireNonNull(row.get("total_amount", Long.class)),
                        Duration.between(
                                Objects.requireNonNull(row.get("created_at", Instant.class)),
                                row.get("expires_at", Instant.class)),
                        Objects.requireNonNull(row.get("paid", Boolean.class))))
                .one()
                .blockOptional(LONGEST_WAIT);
    }
}
