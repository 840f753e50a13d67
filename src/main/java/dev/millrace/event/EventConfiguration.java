package dev.millrace.event;

import dev.millrace.shared.Purge;
import dev.millrace.shared.Recurring;
import java.time.Duration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(BusProperties.class)
class EventConfiguration {

    private static final Duration PURGE_INTERVAL = Duration.ofMinutes(10);

    @Bean
    Recurring historyPurge(AttemptRepository attempts, Purge purge, BusProperties properties) {
        return new Recurring(
                "Purging the history of deliveries",
                PURGE_INTERVAL,
                purge.olderThan(properties.historyRetention(), attempts::purge));
    }
}
