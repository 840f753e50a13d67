package dev.millrace.product;

import static dev.millrace.harness.Bound.json;
import static dev.millrace.harness.Bound.problem;

import dev.millrace.harness.Bound;
import dev.millrace.harness.RunningService;
import dev.millrace.harness.Shop;
import dev.millrace.shared.ProblemHandler;
import org.junit.jupiter.api.Test;

/** Products are added, found and listed as the contract says. */
@RunningService
class ProductRoutesTests {

    private final Shop shop;
    private final Bound routes;

    ProductRoutesTests(ProductHandler handler, ProblemHandler problems, Shop shop) {
        this.shop = shop;
        this.routes = Bound.to(new ProductRoutes().productTable(handler), problems);
    }

    @Test
    void addsAProduct() {
        var answer = routes.post("{\"name\":\"Pen\",\"price\":1200}", "/products");

        json(answer, 201)
                .jsonPath("$.id")
                .isNumber()
                .jsonPath("$.name")
                .isEqualTo("Pen")
                .jsonPath("$.price")
                .isEqualTo(1_200)
                .jsonPath("$.currency")
                .isEqualTo("KRW");
    }

    @Test
    void findsAProduct() {
        long product = shop.aProduct(1_200);

        json(routes.get("/products/{id}", product), 200)
                .jsonPath("$.id")
                .isEqualTo(product)
                .jsonPath("$.price")
                .isEqualTo(1_200);
    }

    @Test
    void knowsNoProductThatWasNeverAdded() {
        problem(routes.get("/products/{id}", Long.MAX_VALUE), 404, "product-not-found");
    }

    @Test
    void listsTheNewestFirst() {
        long older = shop.aProduct(1);
        long newer = shop.aProduct(2);

        json(routes.get("/products?limit=1"), 200)
                .jsonPath("$.data.length()")
                .isEqualTo(1)
                .jsonPath("$.data[0].id")
                .isEqualTo(newer)
                .jsonPath("$.nextCursor")
                .isNotEmpty();
        org.assertj.core.api.Assertions.assertThat(newer).isGreaterThan(older);
    }

    @Test
    void refusesAPriceThatIsNoAmountOfMoney() {
        problem(routes.post("{\"name\":\"Pen\",\"price\":9007199254740992}", "/products"), 400, "validation-failed")
                .jsonPath("$.errors[0].pointer")
                .isEqualTo("#/price");
    }
}
