package dev.millrace.export;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * @param url where the platform takes orders; without one, the fake platform does
 * @param secrets what requests are signed with, as {@code whsec_<base64>}; two while one replaces the other, none for no
 *     signature
 * @param timeout how long the platform may take, from the call to the end of its answer
 * @param connectTimeout how long a connection may take to come about
 * @param connections how many connections are open at most
 * @param breaker when the platform is left alone
 * @param fake how the fake platform behaves
 */
@ConfigurationProperties("millrace.export")
record ExportProperties(
        @Nullable URI url,
        @DefaultValue List<String> secrets,
        Duration timeout,
        Duration connectTimeout,
        int connections,
        Breaker breaker,
        Fake fake) {

    ExportProperties {
        if (url != null && !isUsable(url)) {
            throw new IllegalArgumentException("millrace.export.url must be an absolute http or https URL with a host,"
                    + " and without user info or fragment");
        }
    }

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

    private static boolean isUsable(URI url) {
        return ("http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme()))
                && url.getHost() != null
                && url.getRawUserInfo() == null
                && url.getRawFragment() == null;
    }
}
