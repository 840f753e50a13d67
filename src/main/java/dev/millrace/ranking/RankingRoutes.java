package dev.millrace.ranking;

import dev.millrace.shared.RouteTable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class RankingRoutes {

    @Bean
    RouteTable rankingTable(RankingHandler rankings) {
        return RouteTable.of(routes -> routes.GET("/rankings/products", rankings::topProducts));
    }
}
