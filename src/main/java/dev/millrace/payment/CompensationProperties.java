package dev.millrace.payment;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * @param deadline how long a paid order may wait for a confirmation whose attempts are used up before its payment goes back
 * @param strandedInterval how often the database is searched for paid orders that nothing will ever happen to
 * @param strandedAge how long ago such an order was paid at least
 */
@ConfigurationProperties("millrace.compensation")
record CompensationProperties(Duration deadline, Duration strandedInterval, Duration strandedAge) {}
