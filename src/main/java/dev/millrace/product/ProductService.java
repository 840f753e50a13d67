package dev.millrace.product;

import dev.millrace.shared.Money;
import dev.millrace.shared.NotFound;
import dev.millrace.shared.Page;
import dev.millrace.shared.PageRequest;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Service;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/** The catalogue: prices come from here and from nowhere else. */
@Service
@RequiredArgsConstructor
public class ProductService {

    private final ProductRepository products;
    private final TransactionalOperator tx;

    Mono<Product> addProduct(String name, Money price) {
        return products.insert(name, price).as(tx::transactional);
    }

    Mono<Product> getProduct(long id) {
        return products.find(id).switchIfEmpty(Mono.error(() -> NotFound.of("product", id)));
    }

    Mono<Page<Product>> listProducts(PageRequest page) {
        return products.list(page).collectList().map(rows -> Page.of(rows, page, Product::id));
    }

    /** The products by their ids; an unknown id is refused. */
    public Mono<Map<Long, Product>> requireProducts(Set<Long> ids) {
        return findProducts(ids).doOnNext(found -> requireAll(ids, found));
    }

    /** Those of the products that exist, by their ids. */
    public Mono<Map<Long, Product>> findProducts(Collection<Long> ids) {
        return products.findAll(ids);
    }

    private static void requireAll(Set<Long> ids, Map<Long, Product> found) {
        ids.stream().filter(id -> !found.containsKey(id)).sorted().findFirst().ifPresent(id -> {
            throw NotFound.of("product", id);
        });
    }
}
