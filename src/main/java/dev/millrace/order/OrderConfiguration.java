package dev.millrace.order;

import dev.millrace.shared.Recurring;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(OrderProperties.class)
class OrderConfiguration {

    @Bean
    Recurring recurringOrderExpiry(OrderExpiry expiry, OrderProperties properties) {
        return new Recurring("Expiring orders", properties.expiryInterval(), expiry.expireOrders());
    }
}
