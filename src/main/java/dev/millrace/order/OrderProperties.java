package dev.millrace.order;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * @param expiry how long an order waits for its payment
 * @param expiryInterval how often orders that have waited longer are given up
 */
@ConfigurationProperties("millrace.order")
record OrderProperties(Duration expiry, Duration expiryInterval) {}
