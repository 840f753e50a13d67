package dev.millrace.idempotency;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * @param required whether a request that moves money must carry a key
 * @param inFlightWait how long a repetition waits for the first request's answer
 * @param retention how long an answer is kept
 * @param purgeInterval how often answers older than that are deleted
 */
@ConfigurationProperties("millrace.idempotency")
record IdempotencyProperties(boolean required, Duration inFlightWait, Duration retention, Duration purgeInterval) {}
