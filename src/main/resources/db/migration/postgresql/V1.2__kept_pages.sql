-- A queue that has been emptied keeps its pages. Without any, reading all of it is the cheapest plan, a connection keeps that plan,
-- and goes through the whole queue for each row of it when it is full again.
ALTER TABLE delivery SET (vacuum_truncate = off);
