-- What helps PostgreSQL and means nothing to the embedded database.

-- Rows that are changed again and again, in columns without an index: with room on its page, a new version touches no index.
ALTER TABLE balance SET (fillfactor = 50);
ALTER TABLE product_sales SET (fillfactor = 50);

-- A delivery lives for milliseconds, and a backlog goes as it came: what is dead is cleared by its number, not by its share.
ALTER TABLE delivery SET (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);

-- Dead deliveries are never due.
DROP INDEX delivery_by_due;
CREATE INDEX delivery_by_due ON delivery (handler, next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- Of all orders ever placed, few wait for their payment, and fewer were paid and are not decided. The condition is one that a
-- payment does not ask for: an index that fits it, too, would be read from end to end while the statistics say that it is empty.
DROP INDEX orders_by_expiry;
CREATE INDEX orders_by_expiry ON orders (expires_at) WHERE status = 'CREATED';
CREATE INDEX orders_undecided ON orders (id)
    WHERE status = 'CREATED' AND expires_at IS NULL OR status = 'CONFIRMATION_FAILED';
