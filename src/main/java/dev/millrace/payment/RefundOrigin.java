package dev.millrace.payment;

/** Who wanted the money to go back. */
enum RefundOrigin {
    /** Somebody asked for it. */
    CLIENT,
    /** The order could not be confirmed. */
    COMPENSATION
}
