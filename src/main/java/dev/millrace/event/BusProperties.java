package dev.millrace.event;

import java.time.Duration;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * How events travel.
 *
 * @param transport what carries a committed event to its handlers
 * @param instance who holds a lease; no two processes on one database may share it, and one that restarts under its name takes
 *     its leases back at once
 * @param lanes how many deliveries of one handler run side by side
 * @param capacity how many deliveries of one handler wait in memory; the others wait in the database
 * @param lease how long a delivery is left to whoever took it
 * @param sweepInterval how often the database is searched for deliveries that are due
 * @param timeout how long a handler may take
 * @param handlers how long each handler's failed deliveries are tried again
 * @param historyRetention how long failed attempts and operators' actions are kept
 */
@ConfigurationProperties("millrace.bus")
record BusProperties(
        Transport transport,
        String instance,
        int lanes,
        int capacity,
        Duration lease,
        Duration sweepInterval,
        Duration timeout,
        Map<String, RetryPolicy> handlers,
        Duration historyRetention) {

    private static final int LONGEST_NAME = 64;

    BusProperties {
        if (instance.isBlank() || instance.length() > LONGEST_NAME) {
            throw new IllegalArgumentException("millrace.bus.instance must have 1 to 64 characters");
        }
    }

    /** The ways a committed event can travel. */
    enum Transport {
        SINKS
    }

    RetryPolicy policyOf(String handler) {
        return handlers.getOrDefault(handler, RetryPolicy.DEFAULT);
    }
}
