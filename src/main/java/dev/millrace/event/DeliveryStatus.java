package dev.millrace.event;

/** Where a delivery that is still owed stands. */
enum DeliveryStatus {
    /** No attempt has failed yet. */
    PENDING,
    /** It is tried again. */
    RETRY,
    /** It was given up, and waits for an operator. */
    DEAD
}
