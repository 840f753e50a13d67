package dev.millrace.invariant;

import dev.millrace.shared.Recurring;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(InvariantProperties.class)
class InvariantConfiguration {

    @Bean
    Recurring recurringCheck(InvariantWatch watch, InvariantProperties properties) {
        return new Recurring("Checking the books", properties.interval(), watch.look());
    }
}
