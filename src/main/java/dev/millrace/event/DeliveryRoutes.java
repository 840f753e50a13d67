package dev.millrace.event;

import dev.millrace.shared.RouteTable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class DeliveryRoutes {

    @Bean
    RouteTable deliveryTable(DeliveryHandler deliveries) {
        return RouteTable.of(routes -> routes.GET("/admin/deliveries", deliveries::list)
                .GET("/admin/deliveries/groups", deliveries::group)
                .GET("/admin/deliveries/{id}", deliveries::get)
                .POST("/admin/deliveries/redrive", deliveries::redriveAll)
                .POST("/admin/deliveries/{id}/redrive", deliveries::redrive)
                .POST("/admin/deliveries/{id}/discard", deliveries::discard));
    }
}
