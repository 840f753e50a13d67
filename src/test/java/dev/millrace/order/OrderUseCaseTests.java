package dev.millrace.order;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.harness.Ledger;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.shared.Money;
import dev.millrace.shared.NotFound;
import dev.millrace.shared.PageRequest;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Orders are priced by the catalogue, change by their transitions only, and announce each change once. */
@RunningService
@RequiredArgsConstructor
class OrderUseCaseTests {

    private final OrderUseCase orders;
    private final OrderConfirmedEventHandler confirming;
    private final Shop shop;
    private final Ledger ledger;

    @Test
    void pricesAnOrderByTheCatalogue() {
        long pen = shop.aProduct(1_200);
        long ink = shop.aProduct(500);
        PlaceOrder command = new PlaceOrder(7, List.of(new PlaceOrder.Line(pen, 2), new PlaceOrder.Line(ink, 3)));

        Order placed = Shop.now(orders.placeOrder(command));

        assertThat(placed.totalAmount()).isEqualTo(Money.of(3_900));
        orders.getOrder(placed.id())
                .as(StepVerifier::create)
                .assertNext(found -> {
                    assertThat(found.items()).isEqualTo(placed.items());
                    assertThat(found.createdAt()).isEqualTo(placed.createdAt());
                    assertThat(found.status()).isEqualTo(OrderStatus.CREATED);
                })
                .verifyComplete();
    }

    @Test
    void placesNothingWithAnUnknownProduct() {
        long user = shop.aUser();
        PlaceOrder command = new PlaceOrder(
                user, List.of(new PlaceOrder.Line(shop.aProduct(1), 1), new PlaceOrder.Line(Long.MAX_VALUE, 1)));

        orders.placeOrder(command).as(StepVerifier::create).verifyErrorSatisfies(error -> assertThat(error)
                .isInstanceOfSatisfying(
                        NotFound.class, refusal -> assertThat(refusal.code()).isEqualTo("product-not-found")));

        assertThat(ledger.count("SELECT COUNT(*) FROM orders WHERE user_id = :id", user))
                .isZero();
    }

    @Test
    void confirmsAnOrderOnceHoweverOftenItIsAsked() {
        UUID order = shop.anOrder(shop.aUser(), 100);

        Order first = Shop.now(orders.confirmOrder(order));
        Order second = Shop.now(orders.confirmOrder(order));

        assertThat(second.status()).isEqualTo(OrderStatus.CONFIRMED);
        assertThat(second.confirmedAt()).isEqualTo(first.confirmedAt());
        assertThat(ledger.eventsOf(order))
                .startsWith("product.sales-rank-recorded.v1", "order.export-requested.v1")
                .doesNotHaveDuplicates();
    }

    @Test
    void confirmsAnOrderOnceAmongManyWhoAskAtTheSameTime() {
        UUID order = shop.anOrder(shop.aUser(), 100);

        Flux.range(0, 4)
                .flatMap(number -> orders.confirmOrder(order), 4)
                .as(StepVerifier::create)
                .expectNextCount(4)
                .verifyComplete();

        assertThat(ledger.eventsOf(order)).doesNotHaveDuplicates();
    }

    /** Whichever comes first wins; the other one is refused or finds it done, and nothing is left in between. */
    @Test
    void decidesBetweenACancelAndAConfirmationAtTheSameTime() {
        UUID order = shop.anOrder(shop.aUser(), 100);

        Mono.when(
                        orders.cancelOrder(order).onErrorComplete(IllegalTransition.class),
                        orders.confirmOrder(order).onErrorComplete(IllegalTransition.class))
                .as(StepVerifier::create)
                .verifyComplete();

        boolean isConfirmed = shop.statusOf(order).equals("CONFIRMED");
        assertThat(ledger.eventsOf(order).contains("order.export-requested.v1")).isEqualTo(isConfirmed);
        assertThat(shop.statusOf(order)).isIn("CONFIRMED", "CANCELLED");
    }

    @Test
    void announcesThatAPaidOrderCouldNotBeConfirmed() {
        UUID order = shop.anOrder(shop.aUser(), 100);
        Shop.now(orders.cancelOrder(order));

        confirming
                .handle(new OrderConfirmedEvent(order, UUID.randomUUID(), 7, 100))
                .as(StepVerifier::create)
                .verifyComplete();

        assertThat(shop.statusOf(order)).isEqualTo("CANCELLED");
        assertThat(ledger.eventsOf(order)).containsExactly("order.confirmation-failed.v1");
    }

    @Test
    void doesNotKnowAnOrderThatIsNotThere() {
        UUID unknown = UUID.randomUUID();

        orders.getOrder(unknown).as(StepVerifier::create).verifyError(NotFound.class);
        orders.confirmOrder(unknown).as(StepVerifier::create).verifyError(NotFound.class);
        orders.cancelOrder(unknown).as(StepVerifier::create).verifyError(NotFound.class);
    }

    @Test
    void listsAUsersOrdersPageByPageNewestFirst() {
        long user = shop.aUser();
        long product = shop.aProduct(1);
        List<UUID> placed = Flux.range(0, 5)
                .map(number -> shop.anOrderOf(user, product, 1))
                .collectList()
                .block();
        String filters = "orders of " + user;

        var first = Shop.now(orders.listOrders(user, new PageRequest(filters, 2, Optional.empty())));
        var rest = Shop.now(orders.listOrders(
                user, new PageRequest(filters, 10, Optional.of(placed.get(3).toString()))));

        assertThat(first.data()).extracting(Order::id).containsExactly(placed.get(4), placed.get(3));
        assertThat(first.nextCursor()).isNotNull();
        assertThat(rest.data()).extracting(Order::id).containsExactly(placed.get(2), placed.get(1), placed.get(0));
        assertThat(rest.nextCursor()).isNull();
    }
}
