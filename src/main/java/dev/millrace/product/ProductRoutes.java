package dev.millrace.product;

import dev.millrace.shared.RouteTable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class ProductRoutes {

    @Bean
    RouteTable productTable(ProductHandler products) {
        return RouteTable.of(routes -> routes.POST("/products", products::add)
                .GET("/products", products::list)
                .GET("/products/{id}", products::get));
    }
}
