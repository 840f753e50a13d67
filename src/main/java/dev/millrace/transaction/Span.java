package dev.millrace.transaction;

import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * What lies on one connection between BEGIN and its end. Promised: once the end is under way, or the beginning has failed, nothing
 * is sent for this transaction any more, by any thread: it would be a transaction of its own, or part of somebody else's.
 */
final class Span {

    private final Sinks.Empty<Void> begun = Sinks.empty();
    private @Nullable Supplier<Throwable> refusal;

    /** Where there is no transaction: whatever is sent is one by itself. */
    static Span ofNone() {
        Span none = new Span();
        none.hasBegun();
        return none;
    }

    void hasBegun() {
        begun.tryEmitEmpty();
    }

    void hasNotBegun(Throwable cause) {
        refuse(() -> new R2dbcTransientResourceException("The transaction has not begun", cause));
        begun.tryEmitError(cause);
    }

    /** Comes when the server has answered to the BEGIN, and fails if that has. */
    Mono<Void> begun() {
        return begun.asMono();
    }

    /** Sends nothing any more; comes when the transaction can be ended, and fails if it has not begun. */
    Mono<Void> end() {
        refuse(() -> new R2dbcTransientResourceException("The transaction is over"));
        return begun();
    }

    private synchronized void refuse(Supplier<Throwable> cause) {
        if (refusal == null) {
            refusal = cause;
        }
    }

    /**
     * Sends it, unless nothing is sent any more. Both that and the end take a moment only, and which comes first is settled before
     * either goes on.
     *
     * @return why it was not sent; null if it was
     */
    synchronized @Nullable Throwable enter(Runnable sending) {
        Supplier<Throwable> before = refusal;
        if (before == null) {
            sending.run();
            return null;
        }
        return before.get();
    }
}
