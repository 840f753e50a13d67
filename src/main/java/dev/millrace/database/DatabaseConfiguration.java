package dev.millrace.database;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcConnectionDetails;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.netty.resources.LoopResources;

/** Decides where everything is kept: in the embedded H2 file, or in the PostgreSQL that {@code spring.r2dbc.url} names. */
@Configuration(proxyBeanMethods = false)
class DatabaseConfiguration {

    private static final Option<LoopResources> EVENT_LOOPS = Option.valueOf("loopResources");

    @Bean
    R2dbcConnectionDetails connectionDetails(
            R2dbcProperties properties, @Value("${millrace.data-dir}") Path dataDirectory, LoopResources eventLoops) {
        ConnectionFactoryOptions options = properties.getUrl() == null
                ? EmbeddedDatabase.in(dataDirectory)
                : NamedDatabase.of(properties.getUrl(), properties)
                        .mutate()
                        .option(EVENT_LOOPS, eventLoops)
                        .build();
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
