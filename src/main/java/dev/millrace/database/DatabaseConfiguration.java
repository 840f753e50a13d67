package dev.millrace.database;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.millrace.shared.InFlight;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.transaction.ReactiveTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;

/** Decides where everything is kept: in the embedded H2 file, or in the PostgreSQL that {@code spring.r2dbc.url} names. */
@Configuration(proxyBeanMethods = false)
class DatabaseConfiguration {

    @Bean
    R2dbcConnectionDetails connectionDetails(
            R2dbcProperties properties, @Value("${millrace.data-dir}") Path dataDirectory) {
        ConnectionFactoryOptions options = properties.getUrl() == null
                ? EmbeddedDatabase.in(dataDirectory)
                : NamedDatabase.of(properties.getUrl(), properties);
        return () -> options;
    }

    @Bean
    MigrationConnection migrationConnection(R2dbcConnectionDetails details) {
        return MigrationConnection.to(details.getConnectionFactoryOptions());
    }

    /** Beneath the pool, as every decorator is; destroyed after it, and so the last to touch the file. */
    @Bean(destroyMethod = "shutdown")
    H2Connections h2Connections(Clock clock) {
        return new H2Connections(clock);
    }

    @Bean
    @Primary
    TransactionalOperator transactionalOperator(ReactiveTransactionManager manager, InFlight inFlight) {
        return new ShieldedTransactions(TransactionalOperator.create(manager), inFlight);
    }

    /** For what compares tables with each other: all is read as it was at one moment. */
    @Bean
    TransactionalOperator snapshots(ReactiveTransactionManager manager, InFlight inFlight) {
        DefaultTransactionDefinition definition = new DefaultTransactionDefinition();
        definition.setIsolationLevel(TransactionDefinition.ISOLATION_REPEATABLE_READ);
        definition.setReadOnly(true);
        return new ShieldedTransactions(TransactionalOperator.create(manager, definition), inFlight);
    }

    /** UUIDs of version 7 (RFC 9562): newer ones sort after older ones. */
    @Bean
    NoArgGenerator uuids() {
        return Generators.timeBasedEpochGenerator();
    }

    /** UTC, in the microseconds that both databases keep. */
    @Bean
    Clock clock() {
        return Clock.tick(Clock.systemUTC(), Duration.ofNanos(1_000));
    }
}
