package dev.millrace.balance;

import dev.millrace.shared.Money;
import dev.millrace.shared.Refusal;

/** The balance does not cover the amount. */
public final class InsufficientBalance extends Refusal {

    private InsufficientBalance(Money required, Money available) {
        super(Kind.UNAFFORDABLE, "insufficient-balance", "The balance does not cover the amount.");
        figure("required", required.amount());
        figure("available", available.amount());
        figure("shortfall", required.minus(available).amount());
    }

    static InsufficientBalance of(Money required, Money available) {
        return new InsufficientBalance(required, available);
    }
}
