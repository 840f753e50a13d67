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
import org.junit.jupiter.api.Test;

/** An order takes only the transitions of its table, and announces exactly what follows from each. */
class OrderTests {

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
    void announcesAFailedConfirmation() {
        Order order = aCreatedOrder();
        UUID payment = UUID.randomUUID();

        order.failConfirmation(payment, "no stock");

        assertThat(order.status()).isEqualTo(OrderStatus.CONFIRMATION_FAILED);
        assertThat(order.events()).containsExactly(new OrderConfirmationFailedEvent(order.id(), payment, "no stock"));
    }

    @Test
    void staysCancelledWhenItsConfirmationFails() {
        Order order = aCancelledOrder();
        UUID payment = UUID.randomUUID();

        order.failConfirmation(payment, "cancelled");

        assertThat(order.status()).isEqualTo(OrderStatus.CANCELLED);
        assertThat(order.events()).containsExactly(new OrderConfirmationFailedEvent(order.id(), payment, "cancelled"));
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
}
