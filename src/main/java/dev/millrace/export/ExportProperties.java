package dev.millrace.export;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * @param timeout how long the platform may take
 * @param fake how the fake platform behaves
 */
@ConfigurationProperties("millrace.export")
record ExportProperties(Duration timeout, Fake fake) {

    /** @param latency how long it takes to accept an order */
    record Fake(Duration latency) {}
}
