package dev.millrace.order;

import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.event.EventPublisher;
import dev.millrace.product.Product;
import dev.millrace.product.ProductService;
import dev.millrace.shared.NotFound;
import dev.millrace.shared.Page;
import dev.millrace.shared.PageRequest;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/** Places and confirms orders, and announces what follows from a confirmation. */
@Service
@RequiredArgsConstructor
public class OrderUseCase {

    private final OrderRepository orders;
    private final OpenOrderRepository openOrders;
    private final ProductService products;
    private final EventPublisher events;
    private final OrderProperties properties;
    private final TransactionalOperator tx;
    private final NoArgGenerator uuids;
    private final Clock clock;

    Mono<Order> placeOrder(PlaceOrder command) {
        return products.requireProducts(productIds(command))
                .map(catalogue ->
                        Order.place(uuids.generate(), command.userId(), price(command, catalogue), clock.instant()))
                .delayUntil(order -> orders.insert(order, order.createdAt().plus(properties.expiry())))
                .as(tx::transactional)
                .checkpoint("place order");
    }

    /** Confirms an order that has been paid; an order that is confirmed already stays as it is. */
    public Mono<Order> confirmOrder(UUID orderId) {
        return change(orderId, order -> order.markConfirmed(clock.instant())).checkpoint("confirm order");
    }

    /** Announces that a payment has to go back; empty if there is no such order. */
    Mono<Order> failConfirmation(FailedConfirmation failure) {
        return orders.findToChange(failure.orderId())
                .flatMap(order -> save(order, changed -> changed.failConfirmation(failure, clock.instant())))
                .as(tx::transactional)
                .checkpoint("fail confirmation");
    }

    /**
     * Decides whether money that was paid for the order has to go back: it has, unless the order is confirmed. An order that
     * still waits for its confirmation will not get it any more; it is one compare-and-set with the confirmation, and one of
     * the two wins.
     */
    public Mono<Boolean> abandonOrder(UUID orderId) {
        return change(orderId, Order::abandon).map(Order::isOver).checkpoint("abandon order");
    }

    Mono<Order> cancelOrder(UUID orderId) {
        return change(orderId, Order::cancel).checkpoint("cancel order");
    }

    Mono<Order> getOrder(UUID orderId) {
        return orders.find(orderId).switchIfEmpty(Mono.error(() -> NotFound.of("order", orderId)));
    }

    Mono<Page<Order>> listOrders(long userId, PageRequest page) {
        return orders.listIds(userId, page)
                .collectList()
                .map(ids -> Page.of(ids, page, id -> id))
                .flatMap(this::fetchOrders);
    }

    /**
     * Keeps the user's order for the caller's transaction to pay: of many that try, one succeeds, and neither a second payment
     * nor the expiry nor a cancel can come in between. Empty if the order does not wait for a payment. An order whose time is
     * over waits until the expiry gets to it: whoever has its row first wins.
     */
    public Mono<OrderToPay> claimForPayment(UUID orderId, long userId) {
        return openOrders.claim(orderId, userId);
    }

    /** The order that was claimed is paid: it waits no longer, and does not expire. */
    public Mono<Void> endWaiting(UUID orderId) {
        return openOrders.endWaiting(orderId);
    }

    /**
     * Has whoever wants to change the order wait until the caller's transaction ends. Whoever changes an order and its payment
     * takes the order first; so nobody waits in a circle.
     */
    public Mono<Void> holdOrder(UUID orderId) {
        return orders.lock(orderId);
    }

    /** Draws the conclusion for the order from all of its money having gone back, and says what is no longer sold. */
    public Mono<UndoneSale> refundOrder(UUID orderId) {
        return change(orderId, Order::refund)
                .delayUntil(order -> order.isOver() ? openOrders.close(order.id()) : Mono.empty())
                .as(tx::transactional)
                .map(Order::undoneSale)
                .checkpoint("refund order");
    }

    /** The state of the user's order; somebody else's order does not exist. */
    public Mono<OrderStatus> getStatus(UUID orderId, long userId) {
        return getOrder(orderId)
                .filter(order -> order.userId() == userId)
                .map(Order::status)
                .switchIfEmpty(Mono.error(() -> NotFound.of("order", orderId)));
    }

    private Mono<Order> change(UUID orderId, Consumer<Order> transition) {
        return orders.findToChange(orderId)
                .switchIfEmpty(Mono.error(() -> NotFound.of("order", orderId)))
                .flatMap(order -> save(order, transition))
                .as(tx::transactional);
    }

    private Mono<Order> save(Order order, Consumer<Order> transition) {
        OrderStatus before = order.status();
        transition.accept(order);
        boolean unchanged = order.status() == before && order.events().isEmpty();
        Mono<Void> saved = unchanged ? Mono.empty() : orders.update(order);
        return saved.then(events.publishEventsOf(order)).thenReturn(order);
    }

    private Mono<Page<Order>> fetchOrders(Page<UUID> page) {
        return page.data().isEmpty()
                ? Mono.just(new Page<>(List.of(), page.nextCursor()))
                : orders.findAll(page.data()).collectList().map(found -> new Page<>(found, page.nextCursor()));
    }

    private static Set<Long> productIds(PlaceOrder command) {
        return command.lines().stream().map(PlaceOrder.Line::productId).collect(Collectors.toSet());
    }

    private static List<OrderItem> price(PlaceOrder command, Map<Long, Product> catalogue) {
        return command.lines().stream()
                .map(line -> toItem(line, Objects.requireNonNull(catalogue.get(line.productId()))))
                .toList();
    }

    private static OrderItem toItem(PlaceOrder.Line line, Product product) {
        return new OrderItem(product.id(), product.name(), line.quantity(), product.price());
    }
}
