package dev.millrace.transaction;

import java.util.function.Function;
import org.springframework.transaction.CannotCreateTransactionException;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * The beginning of a transaction that its work does not wait for, if the connection can do without. Only what changes nothing may be
 * asked before the {@link #answer}: if the transaction does not begin, it is not asked in it.
 *
 * @see PipelinedConnection
 */
final class Beginning {

    private volatile Mono<Void> answer = Mono.empty();

    /** To be given to {@code contextWrite}, for the one transaction that is begun there. */
    Function<Context, Context> ahead() {
        return context -> context.put(Beginning.class, this);
    }

    /** The BEGIN has been sent, and that is when its answer comes. */
    void isToldBy(Mono<Void> told) {
        answer = told;
    }

    /** Comes when the transaction has begun, and fails if it has not; to be asked within it. */
    Mono<Void> answer() {
        return Mono.defer(() -> answer)
                .onErrorMap(error -> new CannotCreateTransactionException("The transaction has not begun", error));
    }
}
