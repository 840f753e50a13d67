package dev.millrace.product;

import static dev.millrace.shared.Rows.required;

import dev.millrace.shared.Money;
import dev.millrace.shared.PageRequest;
import dev.millrace.shared.Rows;
import io.r2dbc.spi.Readable;
import java.util.Collection;
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

    Flux<Product> findAll(Collection<Long> ids) {
        return database.sql(COLUMNS + "WHERE id = ANY(:ids)")
                .bind("ids", ids.toArray(Long[]::new))
                .map(ProductRepository::toProduct)
                .all();
    }

    Flux<Product> list(PageRequest page) {
        return database.sql(COLUMNS + "WHERE id < :before ORDER BY id DESC LIMIT :rows")
                .bind("before", page.beforeNumber())
                .bind("rows", page.rowsToRead())
                .map(ProductRepository::toProduct)
                .all();
    }

    private static Product toProduct(Readable row) {
        return new Product(
                required(row, "id", Long.class), required(row, "name", String.class), Rows.money(row, "price"));
    }
}
