package dev.millrace.payment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.millrace.order.OrderConfirmedEvent;
import dev.millrace.order.PaymentRefundedEvent;
import dev.millrace.order.ProductSalesRankRecordedEvent.Sale;
import dev.millrace.order.UndoneSale;
import dev.millrace.shared.Money;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A payment that succeeded announces that its order is to be confirmed, until that has been published. */
class PaymentTests {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    private final UUID id = UUID.randomUUID();
    private final UUID orderId = UUID.randomUUID();
    private final Payment payment = Payment.createSuccess(id, orderId, 7, Money.of(5_000), NOW);

    @Test
    void succeedsWithNothingRefunded() {
        assertThat(payment.status()).isEqualTo(PaymentStatus.SUCCESS);
        assertThat(payment.amount()).isEqualTo(Money.of(5_000));
        assertThat(payment.refundedAmount()).isEqualTo(Money.ZERO);
        assertThat(payment.paidAt()).isEqualTo(NOW);
    }

    @Test
    void announcesThatTheOrderIsToBeConfirmed() {
        assertThat(payment.events()).containsExactly(new OrderConfirmedEvent(orderId, id, 7, 5_000));
    }

    @Test
    void announcesNothingOnceItsEventsAreCleared() {
        payment.clearEvents();

        assertThat(payment.events()).isEmpty();
    }

    @Test
    void goesBackInParts() {
        payment.clearEvents();

        payment.refund(refundOf(2_000), UndoneSale.NONE);

        assertThat(payment.status()).isEqualTo(PaymentStatus.PARTIALLY_REFUNDED);
        assertThat(payment.refundable()).isEqualTo(Money.of(3_000));
        assertThat(payment.events()).singleElement().isInstanceOfSatisfying(PaymentRefundedEvent.class, event -> {
            assertThat(event.amount()).isEqualTo(2_000);
            assertThat(event.full()).isFalse();
            assertThat(event.soldAt()).isNull();
        });
    }

    @Test
    void saysWhatIsNoLongerSoldWhenAllOfItHasGoneBack() {
        payment.refund(refundOf(2_000), UndoneSale.NONE);
        payment.clearEvents();
        List<Sale> sales = List.of(new Sale(1, 5, 5_000));

        payment.refund(refundOf(3_000), new UndoneSale(NOW, sales));

        assertThat(payment.status()).isEqualTo(PaymentStatus.REFUNDED);
        assertThat(payment.isRefundable()).isFalse();
        assertThat(payment.events()).singleElement().isInstanceOfSatisfying(PaymentRefundedEvent.class, event -> {
            assertThat(event.full()).isTrue();
            assertThat(event.soldAt()).isEqualTo(NOW);
            assertThat(event.sales()).isEqualTo(sales);
        });
    }

    @Test
    void givesBackAllThatIsLeftIfNoAmountIsNamed() {
        payment.refund(refundOf(4_999), UndoneSale.NONE);

        assertThat(payment.requireRefundable(null)).isEqualTo(Money.of(1));
    }

    @Test
    void refusesToGiveBackMoreThanIsLeft() {
        payment.refund(refundOf(2_000), UndoneSale.NONE);

        assertThatExceptionOfType(RefundRefused.class)
                .isThrownBy(() -> payment.requireRefundable(Money.of(3_001)))
                .satisfies(refusal -> assertThat(refusal.figures()).containsEntry("refundable", 3_000L));
    }

    @Test
    void refusesToGiveBackNothing() {
        payment.refund(refundOf(5_000), UndoneSale.NONE);

        assertThatExceptionOfType(RefundRefused.class)
                .isThrownBy(() -> payment.requireRefundable(null))
                .satisfies(refusal -> assertThat(refusal.figures()).containsEntry("refundable", 0L));
    }

    private Refund refundOf(long amount) {
        return new Refund(UUID.randomUUID(), id, Money.of(amount), "returned", RefundOrigin.CLIENT, NOW);
    }
}
