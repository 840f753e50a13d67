package dev.millrace.transaction;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import lombok.RequiredArgsConstructor;
import org.springframework.boot.r2dbc.ConnectionFactoryDecorator;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Has a group not wait until its transaction has begun, on PostgreSQL. Any other database is left as it is. */
@Component
class PipelinedConnections implements ConnectionFactoryDecorator {

    @Override
    public ConnectionFactory decorate(ConnectionFactory delegate) {
        return TransactionConfiguration.isPostgres(delegate) ? new Pipelined(delegate) : delegate;
    }

    @RequiredArgsConstructor
    private static final class Pipelined implements ConnectionFactory {

        private final ConnectionFactory delegate;

        @Override
        public Mono<PipelinedConnection> create() {
            return Mono.<Connection>from(delegate.create()).map(PipelinedConnection::new);
        }

        @Override
        public ConnectionFactoryMetadata getMetadata() {
            return delegate.getMetadata();
        }
    }
}
