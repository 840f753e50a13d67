package dev.millrace.payment;

import dev.millrace.shared.Recurring;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(CompensationProperties.class)
class PaymentConfiguration {

    @Bean
    Recurring recurringSearchForStrandedOrders(StrandedOrders stranded, CompensationProperties properties) {
        return new Recurring("Searching stranded orders", properties.strandedInterval(), stranded.findStranded());
    }
}
