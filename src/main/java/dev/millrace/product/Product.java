package dev.millrace.product;

import dev.millrace.shared.Money;

/** Something for sale at a price. */
public record Product(long id, String name, Money price) {}
