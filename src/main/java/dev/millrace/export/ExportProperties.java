package dev.millrace.export;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * @param timeout how long the platform may take, from the call to the end of its answer
 * @param breaker when the platform is left alone
 * @param fake how the fake platform behaves
 */
@ConfigurationProperties("millrace.export")
record ExportProperties(Duration timeout, Breaker breaker, Fake fake) {

    /**
     * @param window how many of the latest calls are looked at
     * @param minimumCalls how many there must have been for their rates to mean anything
     * @param failureRate the percentage of transient failures at which the platform is left alone
     * @param slowCall how long a call takes that is too slow
     * @param slowCallRate the percentage of calls that are too slow at which the platform is left alone
     * @param openFor how long it is left alone before it is tried again
     * @param permittedInHalfOpen how many calls try it
     */
    record Breaker(
            int window,
            int minimumCalls,
            float failureRate,
            Duration slowCall,
            float slowCallRate,
            Duration openFor,
            int permittedInHalfOpen) {}

    /** @param latency how long it takes to accept an order */
    record Fake(Duration latency) {}
}
