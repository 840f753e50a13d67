package dev.millrace.process;

import dev.millrace.shared.RouteTable;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.Wrapped;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import lombok.RequiredArgsConstructor;
import lombok.experimental.Delegate;
import lombok.extern.slf4j.Slf4j;
import org.reactivestreams.Publisher;
import org.springframework.boot.r2dbc.ConnectionFactoryDecorator;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Halts the service right before a step of its work in the database: a write, a commit (in memory), a checkpoint (which puts
 * commits on disk). {@code POST /halts/7} begins to count, and says before which step; 0 is none. {@code GET /halts} tells how
 * many there were.
 *
 * <p>Right before a step is also right after the one before it, since nothing else changes the database. The halt is as good
 * as {@code kill -9}: no hook and no {@code finally} runs.
 *
 * <p>It lies beneath everything that the service does with its connections. {@link RunningJar#startWith} adds it to the jar,
 * which knows nothing of it.
 */
@Slf4j
@Order(Ordered.HIGHEST_PRECEDENCE)
class HaltingDatabase implements ConnectionFactoryDecorator {

    private static final int EXIT_CODE_OF_A_KILL = 137;
    private static final Pattern STEP =
            Pattern.compile("(INSERT INTO|UPDATE|DELETE FROM|CHECKPOINT) (?!checkpoint_mark).*");

    private final AtomicInteger steps = new AtomicInteger();
    private volatile int haltBefore;

    @Bean
    RouteTable haltTable() {
        return RouteTable.of(routes -> routes.GET("/halts", this::count).POST("/halts/{step}", this::arm));
    }

    @Override
    public ConnectionFactory decorate(ConnectionFactory delegate) {
        return new HaltingConnections(delegate);
    }

    private Mono<ServerResponse> count(ServerRequest request) {
        return ServerResponse.ok().bodyValue(steps.get());
    }

    private Mono<ServerResponse> arm(ServerRequest request) {
        haltBefore = Integer.parseInt(request.pathVariable("step"));
        steps.set(0);
        return ServerResponse.noContent().build();
    }

    /** Once it halts, no other step begins. */
    private synchronized void before(String step) {
        int number = steps.incrementAndGet();
        log.info("Step {}: {}", number, step);
        if (number == haltBefore) {
            Runtime.getRuntime().halt(EXIT_CODE_OF_A_KILL);
        }
    }

    @RequiredArgsConstructor
    private final class HaltingConnections implements ConnectionFactory, Wrapped<ConnectionFactory> {

        private final ConnectionFactory delegate;

        @Override
        public Mono<Connection> create() {
            return Mono.<Connection>from(delegate.create()).map(HaltingConnection::new);
        }

        @Override
        public ConnectionFactoryMetadata getMetadata() {
            return delegate.getMetadata();
        }

        @Override
        public ConnectionFactory unwrap() {
            return delegate;
        }
    }

    @RequiredArgsConstructor
    private final class HaltingConnection implements Connection {

        private interface Own {

            Statement createStatement(String sql);

            Publisher<Void> commitTransaction();
        }

        @Delegate(excludes = Own.class)
        private final Connection delegate;

        @Override
        public Statement createStatement(String sql) {
            String line = sql.strip().replaceAll("\\s+", " ");
            Statement statement = delegate.createStatement(sql);
            return STEP.matcher(line).matches() ? new HaltingStatement(line, statement) : statement;
        }

        @Override
        public Publisher<Void> commitTransaction() {
            return Mono.from(delegate.commitTransaction()).doFirst(() -> before("COMMIT"));
        }
    }

    @RequiredArgsConstructor
    private final class HaltingStatement implements Statement {

        private interface Own {

            Publisher<? extends Result> execute();
        }

        private final String line;

        @Delegate(excludes = Own.class)
        private final Statement delegate;

        @Override
        public Publisher<? extends Result> execute() {
            return Flux.from(delegate.execute()).doFirst(() -> before(line));
        }
    }
}
