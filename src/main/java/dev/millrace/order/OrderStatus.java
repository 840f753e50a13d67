package dev.millrace.order;

/** Where an order is on its way. */
public enum OrderStatus {
    /** Placed; perhaps already paid, but not yet confirmed. */
    CREATED,
    /** Paid, and to be fulfilled. */
    CONFIRMED,
    /** Paid, but it could not be confirmed: the money goes back. */
    CONFIRMATION_FAILED,
    /** Withdrawn by its user before it was confirmed. */
    CANCELLED,
    /** Not paid in time. */
    EXPIRED,
    /** Confirmed once; all the money has gone back. */
    REFUNDED
}
