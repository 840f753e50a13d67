package dev.millrace.shared;

/** An amount left the range of {@link Money}. */
public final class MoneyOutOfRange extends Refusal {

    private MoneyOutOfRange(String detail) {
        super(Kind.INVALID, "validation-failed", detail);
    }

    public static MoneyOutOfRange of(long amount) {
        return new MoneyOutOfRange("An amount must lie between 0 and " + Money.MAX + ".");
    }
}
