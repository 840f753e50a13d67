package dev.millrace.idempotency;

/** The first answer to a key, and the fingerprint of the body it answered. */
record StoredAnswer(String fingerprint, Answer answer) {}
