package dev.millrace.transaction;

import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import lombok.RequiredArgsConstructor;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/**
 * A statement of one transaction; it fails if it is to be sent when that is over. It is sent while it is subscribed to, if whoever
 * subscribes asks for its results at once, as {@code DatabaseClient} does. Not promised for the second and later bindings of one
 * statement ({@link #add()}), nor for whoever takes a result later.
 */
@RequiredArgsConstructor
final class SpanStatement implements Statement {

    private final Statement delegate;
    private final Span span;

    @Override
    public Publisher<? extends Result> execute() {
        Publisher<? extends Result> results = delegate.execute();
        return Flux.from(subscriber -> {
            Throwable refusal = span.enter(() -> results.subscribe(subscriber));
            if (refusal != null) {
                Operators.error(subscriber, refusal);
            }
        });
    }

    @Override
    public Statement add() {
        delegate.add();
        return this;
    }

    @Override
    public Statement bind(int index, Object value) {
        delegate.bind(index, value);
        return this;
    }

    @Override
    public Statement bind(String name, Object value) {
        delegate.bind(name, value);
        return this;
    }

    @Override
    public Statement bindNull(int index, Class<?> type) {
        delegate.bindNull(index, type);
        return this;
    }

    @Override
    public Statement bindNull(String name, Class<?> type) {
        delegate.bindNull(name, type);
        return this;
    }

    @Override
    public Statement fetchSize(int rows) {
        delegate.fetchSize(rows);
        return this;
    }

    @Override
    public Statement returnGeneratedValues(String... columns) {
        delegate.returnGeneratedValues(columns);
        return this;
    }
}
