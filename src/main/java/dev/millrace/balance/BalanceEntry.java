package dev.millrace.balance;

import dev.millrace.shared.Money;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One change of a balance; never altered once written.
 *
 * @param sequence dense and ascending for each user, from 1
 * @param amount signed: below zero when money leaves
 * @param reference what the money moved for, such as the payment's id
 */
record BalanceEntry(
        UUID id,
        long userId,
        long sequence,
        Type type,
        long amount,
        Money balanceAfter,
        @Nullable UUID reference,
        Instant at) {

    enum Type {
        CHARGE,
        PAYMENT,
        REFUND
    }
}
