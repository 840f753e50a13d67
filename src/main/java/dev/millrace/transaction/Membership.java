package dev.millrace.transaction;

/** Found in the context of work that shares a transaction. */
record Membership(TransactionGroup group, Member<?> member) {}
