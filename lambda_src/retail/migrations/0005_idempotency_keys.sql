-- The keys under which customers asked for an order, so that asking twice places one.

CREATE TABLE idempotency_keys (
    session_key  text NOT NULL,
    key          text NOT NULL,
    request_hash bytea NOT NULL,
    order_id     uuid NOT NULL REFERENCES orders DEFERRABLE INITIALLY DEFERRED,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (session_key, key)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
COMMENT ON TABLE idempotency_keys IS 'Written in the transaction of the order: a failed attempt leaves no key behind';
