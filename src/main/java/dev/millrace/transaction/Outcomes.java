package dev.millrace.transaction;

import dev.millrace.transaction.Commit.Outcome;
import reactor.core.publisher.Mono;

/** What the database remembers of transactions that are over. */
interface Outcomes {

    /** Of a database that remembers nothing of them. */
    Outcomes NONE = new Outcomes() {
        @Override
        public Mono<Mark> mark() {
            return Mono.empty();
        }

        @Override
        public Mono<Outcome> find(Mark mark) {
            return Mono.just(Outcome.UNKNOWN);
        }
    };

    /**
     * By what a transaction is found again.
     *
     * @param life of the server, which ends with a crash and with a restart
     */
    record Mark(String id, String life) {}

    /** The mark of the transaction that the context is in, from its beginning on; empty if it cannot be found again. */
    Mono<Mark> mark();

    /** What became of the transaction; empty as long as it is under way. To be asked outside of it. */
    Mono<Outcome> find(Mark mark);
}
