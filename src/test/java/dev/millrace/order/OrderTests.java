package dev.millrace.order;

import static dev.millrace.order.OrderFixture.NOW;
import static dev.millrace.order.OrderFixture.aCancelledOrder;
import static dev.millrace.order.OrderFixture.aConfirmedOrder;
import static dev.millrace.order.OrderFixture.aCreatedOrder;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.millrace.shared.Money;
import dev.millrace.shared.MoneyOutOfRange;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An order takes only the transitions of its table, and announces exactly what follows from each. */
class OrderTests {

    private static final UUID PAYMENT = UUID.randomUUID();

    @Test
    void costsTheSumOfItsItems() {
        Order order = aCreatedOrder();

        assertThat(order.totalAmount()).isEqualTo(Money.of(5_500));
        assertThat(order.status()).isEqualTo(OrderStatus.CREATED);
        assertThat(order.createdAt()).isEqualTo(NOW);
        assertThat(order.confirmedAt()).isNull();
        assertThat(order.events()).isEmpty();
    }

    @Test
    void refusesATotalOutOfTheRangeOfMoney() {
        OrderItem dear = new OrderItem(1, "Pen", 1, Money.of(Money.MAX));

        assertThatExceptionOfType(MoneyOutOfRange.class)
                .isThrownBy(() -> Order.place(UUID.randomUUID(), 7, List.of(dear, dear), NOW));
    }

    @Test
    void announcesItsSalesAndItsExportWhenItIsConfirmed() {
        Order order = aCreatedOrder();

        order.markConfirmed(NOW.plusSeconds(1));

        assertThat(order.status()).isEqualTo(OrderStatus.CONFIRMED);
        assertThat(order.confirmedAt()).isEqualTo(NOW.plusSeconds(1));
        assertThat(order.events())
                .containsExactly(
                        new ProductSalesRankRecordedEvent(
                                order.id(),
                                NOW.plusSeconds(1),
                                List.of(
                                        new ProductSalesRankRecordedEvent.Sale(1, 3, 3_000),
                                        new ProductSalesRankRecordedEvent.Sale(2, 1, 2_500))),
                        new OrderExportRequestedEvent(
                                order.id(),
                                7,
                                5_500,
                                NOW.plusSeconds(1),
                                List.of(
                                        new OrderExportRequestedEvent.Item(1, "Pen", 3, 1_000),
                                        new OrderExportRequestedEvent.Item(2, "Ink", 1, 2_500))));
    }

    @Test
    void changesAndAnnouncesNothingWhenItIsConfirmedAgain() {
        Order order = aConfirmedOrder();

        order.markConfirmed(NOW.plusSeconds(60));

        assertThat(order.confirmedAt()).isEqualTo(NOW);
        assertThat(order.events()).isEmpty();
    }

    @Test
    void announcesAConfirmationThatFailedForGood() {
        Order order = aCreatedOrder();

        order.failConfirmation(permanent(order, "no stock"), NOW);

        assertThat(order.status()).isEqualTo(OrderStatus.CONFIRMATION_FAILED);
        assertThat(order.isOver()).isTrue();
        assertThat(order.events()).containsExactly(announced(order, "no stock", true));
    }

    @Test
    void waitsOnWhenItsConfirmationMayStillSucceed() {
        Order order = aCreatedOrder();

        order.failConfirmation(transientOne(order, "timed out"), NOW);

        assertThat(order.status()).isEqualTo(OrderStatus.CREATED);
        assertThat(order.isOver()).isFalse();
        assertThat(order.events()).containsExactly(announced(order, "timed out", false));
    }

    @Test
    void announcesAFailedConfirmationOnceHoweverOftenItFails() {
        Order order = aCreatedOrder();
        order.failConfirmation(transientOne(order, "timed out"), NOW);
        order.clearEvents();

        order.failConfirmation(transientOne(order, "timed out"), NOW);
        order.failConfirmation(permanent(order, "no stock"), NOW);

        assertThat(order.status()).isEqualTo(OrderStatus.CONFIRMATION_FAILED);
        assertThat(order.events()).isEmpty();
    }

    /** Nothing can confirm it any more, whatever went wrong. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void staysCancelledWhenItsConfirmationFails(boolean permanent) {
        Order order = aCancelledOrder();

        order.failConfirmation(new FailedConfirmation(order.id(), PAYMENT, "cancelled", permanent, 3), NOW);

        assertThat(order.status()).isEqualTo(OrderStatus.CANCELLED);
        assertThat(order.events()).containsExactly(announced(order, "cancelled", true));
    }

    @Test
    void hasNothingToAnnounceOnceItsMoneyIsBack() {
        Order order = aCreatedOrder();
        order.refund();

        order.failConfirmation(permanent(order, "illegal-transition"), NOW);

        assertThat(order.status()).isEqualTo(OrderStatus.CONFIRMATION_FAILED);
        assertThat(order.events()).isEmpty();
    }

    @Test
    void hasNothingToAnnounceOnceConfirmed() {
        Order order = aConfirmedOrder();

        order.failConfirmation(permanent(order, "late"), NOW);

        assertThat(order.status()).isEqualTo(OrderStatus.CONFIRMED);
        assertThat(order.events()).isEmpty();
    }

    @Test
    void isAbandonedUnlessConfirmed() {
        Order created = aCreatedOrder();
        Order confirmed = aConfirmedOrder();
        Order cancelled = aCancelledOrder();

        Stream.of(created, confirmed, cancelled).forEach(Order::abandon);

        assertThat(created.status()).isEqualTo(OrderStatus.CONFIRMATION_FAILED);
        assertThat(confirmed.status()).isEqualTo(OrderStatus.CONFIRMED);
        assertThat(cancelled.status()).isEqualTo(OrderStatus.CANCELLED);
        assertThat(Stream.of(created, confirmed, cancelled).map(Order::isOver)).containsExactly(true, false, true);
    }

    @Test
    void undoesItsSaleWhenItIsRefundedAfterItsConfirmation() {
        Order order = aConfirmedOrder();

        order.refund();

        assertThat(order.status()).isEqualTo(OrderStatus.REFUNDED);
        assertThat(order.undoneSale())
                .isEqualTo(new UndoneSale(
                        NOW,
                        List.of(
                                new ProductSalesRankRecordedEvent.Sale(1, 3, 3_000),
                                new ProductSalesRankRecordedEvent.Sale(2, 1, 2_500))));
        assertThat(order.isOver()).isFalse();
    }

    @Test
    void hasSoldNothingWhenItIsRefundedBeforeItsConfirmation() {
        Order created = aCreatedOrder();
        Order cancelled = aCancelledOrder();

        created.refund();
        cancelled.refund();

        assertThat(created.status()).isEqualTo(OrderStatus.CONFIRMATION_FAILED);
        assertThat(cancelled.status()).isEqualTo(OrderStatus.CANCELLED);
        assertThat(created.undoneSale()).isEqualTo(UndoneSale.NONE);
        assertThat(cancelled.undoneSale()).isEqualTo(UndoneSale.NONE);
    }

    @Test
    void isCancelledOnceAndSilently() {
        Order order = aCreatedOrder();

        order.cancel();
        order.cancel();

        assertThat(order.status()).isEqualTo(OrderStatus.CANCELLED);
        assertThat(order.events()).isEmpty();
    }

    @Test
    void refusesToBeConfirmedOnceCancelled() {
        Order order = aCancelledOrder();

        assertThatExceptionOfType(IllegalTransition.class)
                .isThrownBy(() -> order.markConfirmed(NOW))
                .satisfies(refusal -> assertThat(refusal.code()).isEqualTo("illegal-transition"))
                .satisfies(
                        refusal -> assertThat(refusal.figures()).containsEntry("orderStatus", OrderStatus.CANCELLED));
        assertThat(order.events()).isEmpty();
        assertThat(order.confirmedAt()).isNull();
    }

    @Test
    void refusesToBeCancelledOnceConfirmed() {
        Order order = aConfirmedOrder();

        assertThatExceptionOfType(IllegalTransition.class).isThrownBy(order::cancel);
        assertThat(order.status()).isEqualTo(OrderStatus.CONFIRMED);
    }

    private static FailedConfirmation permanent(Order order, String reason) {
        return new FailedConfirmation(order.id(), PAYMENT, reason, true, 3);
    }

    private static FailedConfirmation transientOne(Order order, String reason) {
        return new FailedConfirmation(order.id(), PAYMENT, reason, false, 3);
    }

    private static OrderConfirmationFailedEvent announced(Order order, String reason, boolean permanent) {
        return new OrderConfirmationFailedEvent(order.id(), PAYMENT, reason, permanent, 3);
    }
}
