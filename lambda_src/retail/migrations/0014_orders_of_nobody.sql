-- An order outlives what it knew of a person: the address goes with the account, or some time after the order's end.

ALTER TABLE orders ALTER COLUMN email DROP NOT NULL;
COMMENT ON COLUMN orders.email IS 'Erased with the account, and some time after the end of the order';
COMMENT ON COLUMN orders.session_key IS 'SHA-256 of the session id: the cookie itself is never stored; of a deleted account, nobody''s';
