package dev.millrace.idempotency;

/** What a key is unique in: its caller and the operation, which is method and path. */
record KeyScope(String caller, String operation, String key) {}
