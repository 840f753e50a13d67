package dev.millrace.transaction;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * How transactions are committed together.
 *
 * @param lanes how many groups of the same kind of work are under way side by side at most
 * @param busyFrom from how many pieces of work on, waiting or under way on average, each kind has all of its lanes, and that of those
 *     that give way rests after each group
 * @param rest how many times as long as the group took
 * @param patience for how long something may have been owed for that; if it is longer, its lane does not rest
 * @param largestGroup how many share a transaction at most; with 1, each has its own
 * @param capacity how many wait in a lane; more are refused
 * @param timeout how long a group may take
 */
@ConfigurationProperties("millrace.transaction")
record TransactionProperties(
        int lanes, int busyFrom, int rest, Duration patience, int largestGroup, int capacity, Duration timeout) {

    TransactionProperties {
        if (lanes < 1 || rest < 0 || patience.isNegative()) {
            throw new IllegalArgumentException(
                    "millrace.transaction: lanes must be 1 or more, rest and patience not below 0");
        }
    }

    boolean areShared() {
        return largestGroup > 1;
    }
}
