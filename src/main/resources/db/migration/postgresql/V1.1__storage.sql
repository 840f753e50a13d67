-- What helps PostgreSQL and means nothing to the embedded database.

-- Rows that are changed in columns without an index: with room on its page, a new version touches no index. Some are changed again
-- and again; an order once, and an open order once, but all that share a page at about the same time.
ALTER TABLE balance SET (fillfactor = 50);
ALTER TABLE product_sales SET (fillfactor = 50);
ALTER TABLE open_order SET (fillfactor = 50);
ALTER TABLE orders SET (fillfactor = 70);

-- A delivery lives for milliseconds, an open order for as long as it takes to pay and confirm it, and a backlog goes as it came:
-- what is dead is cleared by its number, not by its share.
ALTER TABLE delivery SET (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);
ALTER TABLE open_order SET (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);

-- Dead deliveries are never due.
DROP INDEX delivery_by_due;
CREATE INDEX delivery_by_due ON delivery (handler, next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- For operators, of what has failed: most deliveries never do, and so never enter it. The others are listed by the primary key.
CREATE INDEX delivery_by_status ON delivery (status, id) WHERE status <> 'PENDING';
