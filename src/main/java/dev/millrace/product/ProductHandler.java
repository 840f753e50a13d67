package dev.millrace.product;

import dev.millrace.shared.Currency;
import dev.millrace.shared.Money;
import dev.millrace.shared.Requests;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.net.URI;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

@Component
@RequiredArgsConstructor
class ProductHandler {

    private final ProductService products;
    private final Requests requests;
    private final Currency currency;

    record AddProduct(
            @NotBlank @Size(max = 200) @Pattern(regexp = "[^\\p{Cntrl}\\p{Cs}]*", message = "must be printable text")
            String name,

            @NotNull @Positive @Max(Money.MAX) Long price) {}

    record ProductResponse(long id, String name, Money price, String currency) {}

    Mono<ServerResponse> add(ServerRequest request) {
        return requests.body(request, AddProduct.class)
                .flatMap(body -> products.addProduct(body.name(), Money.of(body.price())))
                .flatMap(product -> ServerResponse.created(URI.create("/products/" + product.id()))
                        .bodyValue(toResponse(product)));
    }

    Mono<ServerResponse> get(ServerRequest request) {
        return Mono.fromSupplier(() -> requests.positiveId(request, "id"))
                .flatMap(products::getProduct)
                .flatMap(product -> ServerResponse.ok().bodyValue(toResponse(product)));
    }

    Mono<ServerResponse> list(ServerRequest request) {
        return Mono.fromSupplier(() -> requests.page(request, "products"))
                .flatMap(products::listProducts)
                .flatMap(page -> ServerResponse.ok().bodyValue(page.map(this::toResponse)));
    }

    private ProductResponse toResponse(Product product) {
        return new ProductResponse(product.id(), product.name(), product.price(), currency.code());
    }
}
