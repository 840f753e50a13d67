package dev.millrace.invariant;

import dev.millrace.shared.Recurring;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(InvariantProperties.class)
class InvariantConfiguration {

    /** With a twentieth of the time, however much there is to check, it leaves the database to those who pay. */
    private static final int REST = 19;

    @Bean
    Recurring recurringCheck(InvariantWatch watch, InvariantProperties properties) {
        return new Recurring("Checking the books", properties.interval(), watch.look()).resting(REST);
    }
}
