-- An order outlives what it knew of a person: the address goes with the account, or some time after the order's end.

ALTER TABLE orders ALTER COLUMN email DROP NOT NULL;
COMMENT ON COLUMN orders.email IS 'Erased with the account, and some time after the end of the order';
COMMENT ON COLUMN orders.session_key IS 'SHA-256 of the session id: the cookie itself is never stored; of a deleted account, nobody''s';

-- What is old is found without reading what is not.
CREATE INDEX orders_ended_with_email ON orders (updated_at)
    WHERE email IS NOT NULL AND status IN ('CANCELLED', 'PAYMENT_FAILED', 'REFUNDED', 'RETURNED', 'SHIPPED');
DROP INDEX customer_sessions_expiry;
CREATE INDEX customer_sessions_over ON customer_sessions (LEAST(expires_at, revoked_at));
