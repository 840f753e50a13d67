package dev.millrace.payment;

/** What has become of a payment. */
public enum PaymentStatus {
    SUCCESS,
    PARTIALLY_REFUNDED,
    REFUNDED
}
