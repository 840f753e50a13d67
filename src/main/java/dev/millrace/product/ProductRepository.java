package dev.millrace.product;

import static dev.millrace.shared.Rows.required;

import dev.millrace.shared.Money;
import dev.millrace.shared.PageRequest;
import dev.millrace.shared.Rows;
import dev.millrace.transaction.JointStatement;
import io.r2dbc.spi.Readable;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import lombok.RequiredArgsConstructor;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Repository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

@Repository
@RequiredArgsConstructor
class ProductRepository {

    private static final String COLUMNS = "SELECT id, name, price FROM product ";

    private final DatabaseClient database;

    private final JointStatement<Collection<Long>, Map<Long, Product>> findAll =
            JointStatement.read(this::findByIds).together(this::findForEach);

    Mono<Product> insert(String name, Money price) {
        return database.sql("INSERT INTO product (name, price) VALUES (:name, :price)")
                .filter(statement -> statement.returnGeneratedValues("id"))
                .bind("name", name)
                .bind("price", price.amount())
                .map(row -> new Product(required(row, "id", Long.class), name, price))
                .one();
    }

    Mono<Product> find(long id) {
        return database.sql(COLUMNS + "WHERE id = :id")
                .bind("id", id)
                .map(ProductRepository::toProduct)
                .one();
    }

    /** Those of the products that exist, by their ids. */
    Mono<Map<Long, Product>> findAll(Collection<Long> ids) {
        return findAll.ask(ids);
    }

    Flux<Product> list(PageRequest page) {
        return database.sql(COLUMNS + "WHERE id < :before ORDER BY id DESC LIMIT :rows")
                .bind("before", page.beforeNumber())
                .bind("rows", page.rowsToRead())
                .map(ProductRepository::toProduct)
                .all();
    }

    private Mono<Map<Long, Product>> findByIds(Collection<Long> ids) {
        return database.sql(COLUMNS + "WHERE id = ANY(:ids)")
                .bind("ids", ids.toArray(Long[]::new))
                .map(ProductRepository::toProduct)
                .all()
                .collectMap(Product::id);
    }

    private Mono<List<Optional<Map<Long, Product>>>> findForEach(List<Collection<Long>> wanted) {
        Set<Long> ids = wanted.stream().flatMap(Collection::stream).collect(Collectors.toSet());
        return findByIds(ids).map(found -> wanted.stream()
                .map(own -> Optional.of(only(own, found)))
                .toList());
    }

    private static Map<Long, Product> only(Collection<Long> ids, Map<Long, Product> found) {
        return ids.stream().filter(found::containsKey).collect(Collectors.toMap(Function.identity(), found::get));
    }

    private static Product toProduct(Readable row) {
        return new Product(
                required(row, "id", Long.class), required(row, "name", String.class), Rows.money(row, "price"));
    }
}
