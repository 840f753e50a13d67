package dev.millrace.ranking;

import java.math.BigInteger;

/** What was sold of a product in a window; sums may leave the range of a single amount. */
record ProductSales(long productId, BigInteger quantity, BigInteger revenue) {}
