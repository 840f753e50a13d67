package dev.millrace.balance;

import dev.millrace.shared.Money;

/**
 * What a user owns.
 *
 * @param version counts the account's entries
 */
record Balance(long userId, Money amount, long version) {

    static Balance empty(long userId) {
        return new Balance(userId, Money.ZERO, 0);
    }
}
