package dev.millrace.event;

import java.time.Duration;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How events travel.
 *
 * @param transport what carries a committed event to its handlers
 * @param instance who holds a lease; no two processes on one database may share it, and one that restarts under its name takes
 *     its leases back at once
 * @param lanes how many deliveries of one handler run side by side
 * @param lanesOf the same for those handlers that are to have another number, such as those that call somebody else
 * @param capacity how many deliveries of one handler wait in memory; the others wait in the database
 * @param lease how long a delivery is left to whoever took it
 * @param sweepInterval how often the database is searched for deliveries that are due
 * @param timeout how long a handler may take
 * @param handlers how long each handler's failed deliveries are tried again
 * @param historyRetention how long failed attempts and operators' actions are kept
 * @param kafka the brokers, if they are what carries events
 */
@ConfigurationProperties("millrace.bus")
record BusProperties(
        Transport transport,
        String instance,
        int lanes,
        @DefaultValue Map<String, Integer> lanesOf,
        int capacity,
        Duration lease,
        Duration sweepInterval,
        Duration timeout,
        Map<String, RetryPolicy> handlers,
        Duration historyRetention,
        Kafka kafka) {

    private static final int LONGEST_NAME = 64;

    BusProperties {
        if (instance.isBlank() || instance.length() > LONGEST_NAME) {
            throw new IllegalArgumentException("millrace.bus.instance must have 1 to 64 characters");
        }
    }

    /** The ways a committed event can travel. */
    enum Transport {
        SINKS,
        KAFKA
    }

    /**
     * How events travel through Kafka. Topics that are there are left as they are.
     *
     * @param bootstrapServers the brokers
     * @param topic where each event goes, keyed by its aggregate
     * @param deadLetterTopic where a record goes that nobody can read
     * @param partitions how many a new topic has
     * @param replicationFactor how many copies of a new topic there are; -1 leaves that to the brokers
     * @param retention how long a new topic keeps a record
     * @param patience how long a delivery is left to Kafka before it is made without
     * @param properties whatever else the Kafka clients are to be told
     */
    record Kafka(
            String bootstrapServers,
            String topic,
            String deadLetterTopic,
            int partitions,
            short replicationFactor,
            Duration retention,
            Duration patience,
            @DefaultValue Map<String, String> properties) {}

    int lanesOf(String handler) {
        return lanesOf.getOrDefault(handler, lanes);
    }

    RetryPolicy policyOf(String handler) {
        return handlers.getOrDefault(handler, RetryPolicy.DEFAULT);
    }
}
