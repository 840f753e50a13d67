package dev.millrace.database;

import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import java.time.Clock;
import lombok.RequiredArgsConstructor;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.r2dbc.ConnectionFactoryDecorator;
import org.springframework.boot.r2dbc.OptionsCapableConnectionFactory;
import reactor.core.publisher.Mono;

/**
 * Makes H2 a good citizen of a reactive service: each connection works on a thread of its own, and a commit is answered when
 * it is on disk. Any other database is left as it is.
 *
 * @see H2Connection
 * @see Checkpoints
 */
@RequiredArgsConstructor
class H2Connections implements ConnectionFactoryDecorator {

    private final Clock clock;
    private @Nullable Checkpoints checkpoints;

    @Override
    public ConnectionFactory decorate(ConnectionFactory delegate) {
        if (!"H2".equals(delegate.getMetadata().getName())) {
            return delegate;
        }
        Checkpoints shared = new Checkpoints(delegate, upkeepOf(delegate));
        checkpoints = shared;
        return new ThreadedConnectionFactory(delegate, shared);
    }

    private Runnable upkeepOf(ConnectionFactory factory) {
        OptionsCapableConnectionFactory known = OptionsCapableConnectionFactory.unwrapFrom(factory);
        return known == null ? () -> {} : new FileUpkeep(MigrationConnection.to(known.getOptions()), clock);
    }

    /** Closes the database; to be called when the last connection has been given back. */
    void shutdown() {
        if (checkpoints != null) {
            checkpoints.closeDatabase();
        }
    }

    private record ThreadedConnectionFactory(ConnectionFactory delegate, Checkpoints checkpoints)
            implements ConnectionFactory {

        @Override
        public Mono<H2Connection> create() {
            return Mono.defer(() -> H2Connection.open(delegate, checkpoints));
        }

        @Override
        public ConnectionFactoryMetadata getMetadata() {
            return delegate.getMetadata();
        }
    }
}
