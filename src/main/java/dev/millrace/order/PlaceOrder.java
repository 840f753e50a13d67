package dev.millrace.order;

import java.util.List;

/** A user's wish to order these quantities, at the catalogue's prices. */
record PlaceOrder(long userId, List<Line> lines) {

    record Line(long productId, long quantity) {}
}
