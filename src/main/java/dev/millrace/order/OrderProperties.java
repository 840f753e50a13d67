package dev.millrace.order;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/** @param expiry how long an order waits for its payment */
@ConfigurationProperties("millrace.order")
record OrderProperties(Duration expiry) {}
