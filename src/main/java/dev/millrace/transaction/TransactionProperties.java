package dev.millrace.transaction;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * How transactions are committed together.
 *
 * @param lanes how many groups of the same kind of work are under way side by side
 * @param busyFrom from how many pieces of work on, waiting or under way, those that give way have one lane for each kind
 * @param largestGroup how many share a transaction at most; with 1, each has its own
 * @param capacity how many wait in a lane; more are refused
 * @param timeout how long a group may take
 */
@ConfigurationProperties("millrace.transaction")
record TransactionProperties(int lanes, int busyFrom, int largestGroup, int capacity, Duration timeout) {

    boolean areShared() {
        return largestGroup > 1;
    }
}
