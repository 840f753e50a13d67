package dev.millrace.order;

import dev.millrace.shared.Refusal;

/** The order cannot go from where it is to where it was sent. */
public final class IllegalTransition extends Refusal {

    private IllegalTransition(OrderStatus from, OrderStatus to) {
        super(Kind.CONFLICT, "illegal-transition", "An order that is " + from + " cannot become " + to + ".");
        figure("orderStatus", from);
    }

    static IllegalTransition of(OrderStatus from, OrderStatus to) {
        return new IllegalTransition(from, to);
    }
}
