package dev.millrace.ranking;

import dev.millrace.shared.Money;

/** What was sold of a product in a window. */
record ProductSales(long productId, String name, long quantity, Money revenue) {}
