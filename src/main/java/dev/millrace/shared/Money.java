package dev.millrace.shared;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * An amount in the minor unit of the service's one currency, between 0 and 2^53-1: the integers that every JSON reader
 * keeps exact (RFC 8259, section 6). Arithmetic that would leave this range is refused, never wrapped.
 */
public record Money(@JsonValue long amount) implements Comparable<Money> {

    /** The largest integer that a JSON number carries without loss. */
    public static final long MAX = (1L << 53) - 1;

    public static final Money ZERO = new Money(0);

    public Money {
        if (amount < 0 || amount > MAX) {
            throw MoneyOutOfRange.of(amount);
        }
    }

    @JsonCreator
    public static Money of(long amount) {
        return new Money(amount);
    }

    public Money plus(Money other) {
        return new Money(amount + other.amount);
    }

    public Money minus(Money other) {
        return new Money(amount - other.amount);
    }

    public Money times(long factor) {
        try {
            return new Money(Math.multiplyExact(amount, factor));
        } catch (ArithmeticException e) {
            throw MoneyOutOfRange.of(amount);
        }
    }

    @Override
    public int compareTo(Money other) {
        return Long.compare(amount, other.amount);
    }
}
