package dev.millrace.transaction;

import reactor.core.publisher.Mono;

/** Begins a transaction for the work. */
interface Transactions {

    /** Repeats it when the database asks for that. */
    <T> Mono<T> transactional(Mono<T> work);

    /** Does not: a group is not run again, its members are. */
    <T> Mono<T> once(Mono<T> work);
}
