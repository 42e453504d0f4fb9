-- The desk looks at orders by where they stand: what has to be sent, and what got stuck before or ended otherwise.

CREATE INDEX orders_by_status ON orders (status, created_at, id);
DROP INDEX orders_to_ship;
