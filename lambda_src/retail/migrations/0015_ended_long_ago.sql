-- Sessions and orders that ended long ago are found without reading the others.

CREATE INDEX customer_sessions_over ON customer_sessions (LEAST(expires_at, revoked_at));
DROP INDEX customer_sessions_expiry;

CREATE INDEX orders_ended_with_email ON orders (updated_at)
    WHERE email IS NOT NULL AND status IN ('CANCELLED', 'PAYMENT_FAILED', 'REFUNDED', 'RETURNED', 'SHIPPED');
