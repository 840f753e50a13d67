package dev.millrace.transaction;

import reactor.core.publisher.Mono;

/** Begins a transaction for the work, and repeats it when the database asks for that. */
interface Transactions {

    <T> Mono<T> transactional(Mono<T> work);
}
