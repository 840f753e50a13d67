package dev.millrace.payment;

import dev.millrace.shared.RouteTable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;

@Configuration(proxyBeanMethods = false)
class PaymentRoutes {

    /** Asked before the other tables, as most requests are payments. */
    @Bean
    @Order(0)
    RouteTable paymentTable(PaymentHandler payments, RefundHandler refunds) {
        return RouteTable.of(routes -> routes.POST("/payments", payments::pay)
                .GET("/payments", payments::findByOrder)
                .GET("/payments/{id}", payments::get)
                .POST("/payments/{id}/refunds", refunds::refund));
    }
}
