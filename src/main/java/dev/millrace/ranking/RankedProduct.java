package dev.millrace.ranking;

import dev.millrace.product.Product;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A product's place in a ranking, from 1. */
record RankedProduct(int rank, long productId, @Nullable String name, BigInteger quantity, BigInteger revenue) {

    static List<RankedProduct> rank(List<ProductSales> top, Map<Long, Product> catalogue) {
        return IntStream.range(0, top.size())
                .mapToObj(index -> of(index + 1, top.get(index), catalogue))
                .toList();
    }

    private static RankedProduct of(int rank, ProductSales sales, Map<Long, Product> catalogue) {
        Product product = catalogue.get(sales.productId());
        String name = product == null ? null : product.name();
        return new RankedProduct(rank, sales.productId(), name, sales.quantity(), sales.revenue());
    }
}
