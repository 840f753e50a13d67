package dev.millrace.order;

import dev.millrace.event.AggregateRoot;
import dev.millrace.order.OrderExportRequestedEvent.Item;
import dev.millrace.order.ProductSalesRankRecordedEvent.Sale;
import dev.millrace.shared.Money;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import lombok.AccessLevel;
import lombok.AllArgsConstructor;
import lombok.Getter;
import lombok.experimental.Accessors;
import org.jspecify.annotations.Nullable;

/**
 * What a user wants to buy, at the prices of the moment it was placed.
 *
 * <table>
 * <caption>Transitions, and what each announces</caption>
 * <tr><td>CREATED → CONFIRMED</td><td>{@link ProductSalesRankRecordedEvent}, {@link OrderExportRequestedEvent}</td></tr>
 * <tr><td>CREATED → CONFIRMATION_FAILED</td><td>{@link OrderConfirmationFailedEvent}; nothing when it was announced before, or
 * when all the money has gone back already</td></tr>
 * <tr><td>CREATED → CANCELLED</td><td>nothing</td></tr>
 * <tr><td>CREATED → EXPIRED</td><td>nothing; done to many orders at once by the repository</td></tr>
 * <tr><td>CONFIRMED → REFUNDED</td><td>nothing; the refund announces itself</td></tr>
 * </table>
 *
 * A transition to where the order already is changes nothing and announces nothing; any other is an
 * {@link IllegalTransition}.
 */
@Getter
@Accessors(fluent = true)
@AllArgsConstructor(access = AccessLevel.PACKAGE)
public final class Order extends AggregateRoot {

    private final UUID id;
    private final long userId;
    private final List<OrderItem> items;
    private final Money totalAmount;
    private final Instant createdAt;
    private final long version;
    private OrderStatus status;
    private @Nullable Instant confirmedAt;
    private @Nullable Instant confirmationFailedAt;

    static Order place(UUID id, long userId, List<OrderItem> items, Instant now) {
        Money total = items.stream().map(OrderItem::total).reduce(Money.ZERO, Money::plus);
        return new Order(id, userId, items, total, now, 0, OrderStatus.CREATED, null, null);
    }

    /** Announces that what was sold is to be counted and exported. */
    void markConfirmed(Instant now) {
        if (become(OrderStatus.CONFIRMED)) {
            confirmedAt = now;
            registerEvent(new ProductSalesRankRecordedEvent(id, now, sales()));
            registerEvent(new OrderExportRequestedEvent(id, userId, totalAmount.amount(), now, exportItems()));
        }
    }

    /**
     * Announces, once, that the payment has to go back. What may still be mended leaves the order waiting, and an order that
     * was cancelled or expired meanwhile stays what it is; one whose fate is settled has nothing to announce.
     */
    void failConfirmation(FailedConfirmation failure, Instant now) {
        boolean announced = confirmationFailedAt != null || isSettled();
        boolean permanent = failure.permanent() || status != OrderStatus.CREATED;
        if (failure.permanent()) {
            abandon();
        }
        if (!announced) {
            confirmationFailedAt = now;
            registerEvent(new OrderConfirmationFailedEvent(
                    id, failure.paymentId(), failure.reason(), permanent, failure.attempts()));
        }
    }

    /** It will not be confirmed any more, unless it is already. */
    void abandon() {
        if (status == OrderStatus.CREATED) {
            status = OrderStatus.CONFIRMATION_FAILED;
        }
    }

    boolean isConfirmed() {
        return status == OrderStatus.CONFIRMED;
    }

    /** Whether money that was paid for it has to go back. */
    boolean isOver() {
        return switch (status) {
            case CONFIRMATION_FAILED, CANCELLED, EXPIRED -> true;
            case CREATED, CONFIRMED, REFUNDED -> false;
        };
    }

    void cancel() {
        become(OrderStatus.CANCELLED);
    }

    /**
     * All the money has gone back: a confirmed order is undone, one that still waits for its confirmation will not get it,
     * and one that is over stays what it is.
     */
    void refund() {
        status = switch (status) {
            case CONFIRMED -> OrderStatus.REFUNDED;
            case CREATED -> OrderStatus.CONFIRMATION_FAILED;
            default -> status;
        };
    }

    /** What this order had sold, if it has been refunded after its confirmation. */
    UndoneSale undoneSale() {
        return status == OrderStatus.REFUNDED ? new UndoneSale(confirmedAt, sales()) : UndoneSale.NONE;
    }

    private boolean isSettled() {
        return switch (status) {
            case CONFIRMED, CONFIRMATION_FAILED, REFUNDED -> true;
            case CREATED, CANCELLED, EXPIRED -> false;
        };
    }

    private boolean become(OrderStatus next) {
        if (status == next) {
            return false;
        }
        if (status != OrderStatus.CREATED) {
            throw IllegalTransition.of(status, next);
        }
        status = next;
        return true;
    }

    private List<Sale> sales() {
        return items.stream()
                .map(item ->
                        new Sale(item.productId(), item.quantity(), item.total().amount()))
                .toList();
    }

    private List<Item> exportItems() {
        return items.stream()
                .map(item -> new Item(
                        item.productId(),
                        item.name(),
                        item.quantity(),
                        item.unitPrice().amount()))
                .toList();
    }
}
