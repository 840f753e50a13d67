package dev.millrace.invariant;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * @param interval how often the service checks itself
 * @param slice how many rows it looks at in one statement
 */
@ConfigurationProperties("millrace.invariants")
record InvariantProperties(Duration interval, int slice) {}
