package dev.millrace.order;

import dev.millrace.shared.Money;

/** One line of an order, with the name and the price of the day it was placed. */
public record OrderItem(long productId, String name, long quantity, Money unitPrice) {

    Money total() {
        return unitPrice.times(quantity);
    }
}
