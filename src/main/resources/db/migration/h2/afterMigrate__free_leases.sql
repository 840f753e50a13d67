-- At each start: the file belongs to one process, so whoever held a lease is dead.
UPDATE delivery SET owner = NULL, next_attempt_at = CURRENT_TIMESTAMP WHERE owner IS NOT NULL;
