package dev.millrace.payment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.order.OrderConfirmedEvent;
import dev.millrace.shared.Money;
import java.time.Instant;
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
}
