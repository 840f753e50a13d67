package dev.millrace.payment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.balance.BalanceService;
import dev.millrace.balance.InsufficientBalance;
import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.order.OrderUseCase;
import dev.millrace.shared.Money;
import dev.millrace.shared.NotFound;
import dev.millrace.shared.Refusal;
import dev.millrace.shared.Trace;
import java.time.Clock;
import java.util.Map;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The debit, the payment, its event and what is owed for it happen together or not at all. */
@RunningService
@RequiredArgsConstructor
class PaymentFacadeServiceTests {

    private final PaymentFacadeService facade;
    private final OrderUseCase orders;
    private final BalanceService balances;
    private final PaymentService payments;
    private final TransactionalOperator tx;
    private final Clock clock;
    private final Shop shop;
    private final Ledger ledger;

    @Test
    void debitsTheBalanceAndRecordsThePaymentAndItsEvent() {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);

        Mono<Payment> payment = facade.requestPayment(new PaymentCommand(order, user, null));

        payment.as(StepVerifier::create)
                .assertNext(paid -> {
                    assertThat(paid.orderId()).isEqualTo(order);
                    assertThat(paid.amount()).isEqualTo(Money.of(4_000));
                    assertThat(paid.events()).isEmpty();
                })
                .verifyComplete();
        assertThat(shop.balanceOf(user)).isEqualTo(6_000);
        assertThat(ledger.paymentsOf(order)).isEqualTo(1);
        assertThat(ledger.eventsOf(order)).first().isEqualTo("order.confirmed.v1");
    }

    @Test
    void leavesNothingBehindWhenTheBalanceIsTooLow() {
        long user = shop.aUserWith(3_999);
        UUID order = shop.anOrder(user, 4_000);

        Mono<Payment> payment = facade.requestPayment(new PaymentCommand(order, user, null));

        payment.as(StepVerifier::create).verifyErrorSatisfies(error -> assertThat(error)
                .isInstanceOfSatisfying(InsufficientBalance.class, refusal -> assertThat(refusal.figures())
                        .isEqualTo(Map.of("required", 4_000L, "available", 3_999L, "shortfall", 1L))));
        assertThatNothingHappened(order, user, 3_999);
    }

    /** The payment's id is taken already, so that its row cannot be saved after the debit. */
    @Test
    void leavesTheBalanceUntouchedWhenThePaymentCannotBeSaved() {
        long user = shop.aUserWith(10_000);
        UUID taken = UUID.fromString(
                Shop.now(shop.pay(shop.anOrder(user, 1_000), user)).text("id"));
        UUID order = shop.anOrder(user, 4_000);
        PaymentFacadeService clashing = new PaymentFacadeService(orders, balances, payments, tx, always(taken), clock);

        Mono<Payment> payment = clashing.requestPayment(new PaymentCommand(order, user, null));

        payment.as(StepVerifier::create).verifyError(DataIntegrityViolationException.class);
        assertThat(shop.balanceOf(user)).isEqualTo(9_000);
        assertThat(ledger.entriesOf(user)).isEqualTo(2);
        assertThat(ledger.paymentsOf(order)).isZero();
        assertThat(ledger.eventsOf(order)).isEmpty();
        assertThat(ledger.deliveriesOf(order)).isZero();
    }

    /** The trace is longer than its column, so that the event cannot be stored after the payment. */
    @Test
    void leavesTheBalanceUntouchedWhenTheEventCannotBeStored() {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);
        Trace tooLong = new Trace("0".repeat(56));

        Mono<Payment> payment =
                facade.requestPayment(new PaymentCommand(order, user, null)).contextWrite(tooLong::addTo);

        payment.as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error).isInstanceOf(DataAccessException.class));
        assertThatNothingHappened(order, user, 10_000);
    }

    @Test
    void doesNothingBeforeTheSubscription() {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);

        facade.requestPayment(new PaymentCommand(order, user, null));

        assertThatNothingHappened(order, user, 10_000);
    }

    @Test
    void refusesAnotherAmountThanTheOrdersTotal() {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);

        Mono<Payment> payment = facade.requestPayment(new PaymentCommand(order, user, Money.of(3_999)));

        payment.as(StepVerifier::create).verifyErrorSatisfies(error -> assertThatCodeIs("amount-mismatch", error));
        assertThatNothingHappened(order, user, 10_000);
    }

    @Test
    void refusesASecondPaymentOfTheOrder() {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);
        Payment first = Shop.now(facade.requestPayment(new PaymentCommand(order, user, null)));

        Mono<Payment> second = facade.requestPayment(new PaymentCommand(order, user, null));

        second.as(StepVerifier::create).verifyErrorSatisfies(error -> {
            assertThatCodeIs("order-already-paid", error);
            assertThat(((Refusal) error).figures()).containsEntry("paymentId", first.id());
        });
        assertThat(shop.balanceOf(user)).isEqualTo(6_000);
    }

    @Test
    void refusesACancelledOrder() {
        long user = shop.aUserWith(10_000);
        UUID order = shop.anOrder(user, 4_000);
        Shop.now(shop.cancel(order));

        Mono<Payment> payment = facade.requestPayment(new PaymentCommand(order, user, null));

        payment.as(StepVerifier::create).verifyErrorSatisfies(error -> assertThatCodeIs("order-not-payable", error));
        assertThatNothingHappened(order, user, 10_000);
    }

    @Test
    void doesNotKnowTheOrderOfSomebodyElse() {
        long owner = shop.aUser();
        long other = shop.aUserWith(10_000);
        UUID order = shop.anOrder(owner, 4_000);

        Mono<Payment> payment = facade.requestPayment(new PaymentCommand(order, other, null));

        payment.as(StepVerifier::create).verifyErrorSatisfies(error -> {
            assertThat(error).isInstanceOf(NotFound.class);
            assertThatCodeIs("order-not-found", error);
        });
        assertThatNothingHappened(order, other, 10_000);
    }

    private void assertThatNothingHappened(UUID order, long user, long balance) {
        assertThat(shop.balanceOf(user)).isEqualTo(balance);
        assertThat(ledger.entriesOf(user)).isEqualTo(1);
        assertThat(ledger.paymentsOf(order)).isZero();
        assertThat(ledger.eventsOf(order)).isEmpty();
        assertThat(ledger.deliveriesOf(order)).isZero();
    }

    private static void assertThatCodeIs(String code, Throwable error) {
        assertThat(error).isInstanceOfSatisfying(Refusal.class, refusal -> assertThat(refusal.code())
                .isEqualTo(code));
    }

    private static NoArgGenerator always(UUID id) {
        return new NoArgGenerator() {
            @Override
            public UUID generate() {
                return id;
            }

            @Override
            public com.fasterxml.uuid.UUIDType getType() {
                return com.fasterxml.uuid.UUIDType.TIME_BASED_EPOCH;
            }
        };
    }
}
