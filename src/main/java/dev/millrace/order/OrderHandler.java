package dev.millrace.order;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.millrace.shared.Currency;
import dev.millrace.shared.Money;
import dev.millrace.shared.Page;
import dev.millrace.shared.Requests;
import dev.millrace.transaction.Lane;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

@Component
@RequiredArgsConstructor
class OrderHandler {

    private static final int MAX_ITEMS = 100;
    private static final long MAX_QUANTITY = 1_000_000;

    private final OrderUseCase orders;
    private final Requests requests;
    private final Currency currency;

    record OrderRequest(
            @NotNull @Positive Long userId,
            @NotEmpty @Size(max = MAX_ITEMS) List<@Valid @NotNull Item> items) {

        record Item(
                @NotNull @Positive Long productId,
                @NotNull @Positive @Max(MAX_QUANTITY) Long quantity) {}

        PlaceOrder toCommand() {
            return new PlaceOrder(
                    userId,
                    items.stream()
                            .map(item -> new PlaceOrder.Line(item.productId, item.quantity))
                            .toList());
        }
    }

    record OrderResponse(
            UUID id,
            long userId,
            OrderStatus status,
            Money totalAmount,
            String currency,
            List<OrderItem> items,
            Instant createdAt,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Instant confirmedAt) {}

    Mono<ServerResponse> place(ServerRequest request) {
        return requests.body(request, OrderRequest.class)
                .flatMap(body -> orders.placeOrder(body.toCommand()))
                .contextWrite(Lane.ofAny("order").joined())
                .flatMap(order -> ServerResponse.created(URI.create("/orders/" + order.id()))
                        .bodyValue(toResponse(order)));
    }

    Mono<ServerResponse> get(ServerRequest request) {
        return Mono.defer(() -> orders.getOrder(requests.uuid(request, "id"))).flatMap(this::respond);
    }

    Mono<ServerResponse> cancel(ServerRequest request) {
        return Mono.defer(() -> orders.cancelOrder(requests.uuid(request, "id")))
                .flatMap(this::respond);
    }

    Mono<ServerResponse> list(ServerRequest request) {
        return Mono.defer(() -> ordersOf(requests.requiredPositiveParameter(request, "userId"), request))
                .flatMap(page -> ServerResponse.ok().bodyValue(page));
    }

    private Mono<Page<OrderResponse>> ordersOf(long userId, ServerRequest request) {
        return orders.listOrders(userId, requests.page(request, "orders of " + userId))
                .map(page -> page.map(this::toResponse));
    }

    private Mono<ServerResponse> respond(Order order) {
        return ServerResponse.ok().bodyValue(toResponse(order));
    }

    private OrderResponse toResponse(Order order) {
        return new OrderResponse(
                order.id(),
                order.userId(),
                order.status(),
                order.totalAmount(),
                currency.code(),
                order.items(),
                order.createdAt(),
                order.confirmedAt());
    }
}
