package dev.millrace.balance;

import dev.millrace.shared.RouteTable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class BalanceRoutes {

    @Bean
    RouteTable balanceTable(BalanceHandler balances) {
        return RouteTable.of(routes -> routes.GET("/balances/{userId}", balances::get)
                .GET("/balances/{userId}/entries", balances::listEntries)
                .POST("/balances/{userId}/charges", balances::charge));
    }
}
