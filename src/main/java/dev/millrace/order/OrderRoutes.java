package dev.millrace.order;

import dev.millrace.shared.RouteTable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class OrderRoutes {

    @Bean
    RouteTable orderTable(OrderHandler orders) {
        return RouteTable.of(routes -> routes.POST("/orders", orders::place)
                .GET("/orders", orders::list)
                .GET("/orders/{id}", orders::get)
                .POST("/orders/{id}/cancel", orders::cancel));
    }
}
