package dev.millrace.transaction;

import dev.millrace.shared.InFlight;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.time.Clock;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;
import reactor.core.publisher.Flux;

/** Decides how changes are committed. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(TransactionProperties.class)
class TransactionConfiguration {

    @Bean
    @Primary
    TransactionalOperator transactionalOperator(
            ReactiveTransactionManager manager,
            InFlight inFlight,
            TransactionProperties properties,
            ConnectionFactory connections,
            DatabaseClient database,
            Clock clock) {
        TransactionalOperator transactions = TransactionalOperator.create(manager);
        return isPostgres(connections)
                ? new ShieldedTransactions(
                        transactions,
                        inFlight,
                        properties,
                        new PostgresChanges(database),
                        new PostgresOutcomes(database),
                        clock)
                : new ShieldedTransactions(transactions, inFlight, properties, null, Outcomes.NONE, clock);
    }

    static boolean isPostgres(ConnectionFactory connections) {
        return "PostgreSQL".equals(connections.getMetadata().getName());
    }

    /** For what compares tables with each other: all is read as it was at one moment. */
    @Bean
    TransactionalOperator snapshots(
            ReactiveTransactionManager manager, InFlight inFlight, TransactionProperties properties, Clock clock) {
        DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
        definition.setIsolationLevel(TransactionDefinition.ISOLATION_REPEATABLE_READ);
        definition.setReadOnly(true);
        return new ShieldedTransactions(
                TransactionalOperator.create(manager, definition), inFlight, properties, null, Outcomes.NONE, clock);
    }

    /** Statements that are not {@link JointStatement}s take turns on a connection that is shared. */
    @Bean
    DatabaseClient databaseClient(ConnectionFactory connections) {
        return DatabaseClient.builder()
                .connectionFactory(connections)
                .executeFunction(TransactionConfiguration::execute)
                .build();
    }

    private static Flux<Result> execute(Statement statement) {
        return Flux.deferContextual(context -> {
            Flux<Result> results = Flux.from(statement.execute());
            return context.<Membership>getOrEmpty(Membership.class)
                    .map(shared -> shared.group().takeTurn(results, shared.member()))
                    .orElse(results);
        });
    }
}
