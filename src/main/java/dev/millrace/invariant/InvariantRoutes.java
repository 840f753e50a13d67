package dev.millrace.invariant;

import dev.millrace.shared.RouteTable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class InvariantRoutes {

    @Bean
    RouteTable invariantTable(InvariantHandler invariants) {
        return RouteTable.of(routes -> routes.GET("/admin/invariants", invariants::check));
    }
}
