-- Customers, their signed-in sessions, the key that signs session cookies, and whose an order is.

CREATE TABLE customers (
    id            uuid PRIMARY KEY,
    email         text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    password_hash text NOT NULL,
    name          varchar(100) NOT NULL,
    is_staff      boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX customers_email ON customers (lower(email));
COMMENT ON COLUMN customers.password_hash IS 'Argon2id with its parameters and salt';

CREATE TABLE customer_sessions (
    session_key text PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz
);
CREATE INDEX customer_sessions_of_customer ON customer_sessions (customer_id);
CREATE INDEX customer_sessions_expiry ON customer_sessions (expires_at);
COMMENT ON COLUMN customer_sessions.session_key IS 'SHA-256 of the session id: the cookie itself is never stored';

CREATE TABLE signing_keys (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    secret     bytea NOT NULL CHECK (length(secret) >= 32),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE signing_keys IS 'The newest signs session cookies, all verify them: rotate by adding one, deleting the oldest a month later';
-- Three random UUIDs hold 366 random bits from the server's strong source; no extension is needed.
INSERT INTO signing_keys (secret)
VALUES (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

ALTER TABLE orders ADD COLUMN customer_id uuid REFERENCES customers ON DELETE SET NULL;
CREATE INDEX orders_of_customer ON orders (customer_id, created_at DESC, id DESC) WHERE customer_id IS NOT NULL;
CREATE INDEX orders_of_session ON orders (session_key);
