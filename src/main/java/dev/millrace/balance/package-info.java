/** Users' money. API: {@link dev.millrace.balance.BalanceService}. */
@NullMarked
package dev.millrace.balance;

import org.jspecify.annotations.NullMarked;
