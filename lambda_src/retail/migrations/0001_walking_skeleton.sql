-- The shop's tables: catalog (row E4), orders, stock reservations, payments, outbox, handled events.

CREATE TABLE products (
    id              uuid PRIMARY KEY,
    sku             varchar(32) NOT NULL UNIQUE,
    name            varchar(255) NOT NULL,
    description     text NOT NULL DEFAULT '',
    price           numeric(10, 2) NOT NULL CHECK (price >= 0),
    currency        char(3) NOT NULL DEFAULT 'USD',
    inventory_count integer NOT NULL DEFAULT 0 CHECK (inventory_count >= 0),
    reserved_count  integer NOT NULL DEFAULT 0 CHECK (reserved_count >= 0),
    categories      jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(categories) = 'array'),
    attributes      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT no_more_reserved_than_in_stock CHECK (reserved_count <= inventory_count)
);

CREATE TABLE orders (
    id             uuid PRIMARY KEY,
    session_key    text NOT NULL,
    email          text NOT NULL,
    payment_token  text,
    status         text NOT NULL CHECK (status IN ('PENDING', 'PAID', 'PAYMENT_FAILED', 'PROCESSING', 'SHIPPED')),
    total          numeric(12, 2) NOT NULL CHECK (total >= 0),
    currency       char(3) NOT NULL,
    correlation_id text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN orders.session_key IS 'SHA-256 of the session id: the cookie itself is never stored';
COMMENT ON COLUMN orders.payment_token IS 'Token of the payment gateway, erased once the charge is decided; never a card number';

CREATE TABLE order_items (
    order_id   uuid NOT NULL REFERENCES orders,
    product_id uuid NOT NULL REFERENCES products,
    sku        varchar(32) NOT NULL,
    name       varchar(255) NOT NULL,
    quantity   integer NOT NULL CHECK (quantity > 0),
    unit_price numeric(10, 2) NOT NULL CHECK (unit_price >= 0),
    PRIMARY KEY (order_id, product_id)
);

CREATE TABLE order_transitions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id    uuid NOT NULL REFERENCES orders,
    transition  text NOT NULL,
    from_status text,
    to_status   text NOT NULL,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (order_id, transition)
);

CREATE TABLE reservations (
    order_id   uuid NOT NULL REFERENCES orders,
    product_id uuid NOT NULL REFERENCES products,
    quantity   integer NOT NULL CHECK (quantity > 0),
    status     text NOT NULL DEFAULT 'RESERVED' CHECK (status IN ('RESERVED', 'DECREMENTED', 'RELEASED')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, product_id)
);

CREATE TABLE payments (
    order_id   uuid PRIMARY KEY REFERENCES orders,
    status     text NOT NULL CHECK (status IN ('CAPTURED', 'DECLINED')),
    reference  text NOT NULL,
    amount     numeric(12, 2) NOT NULL CHECK (amount >= 0),
    currency   char(3) NOT NULL,
    reason     text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE outbox (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id      uuid NOT NULL UNIQUE,
    source        text NOT NULL,
    detail_type   text NOT NULL,
    detail        jsonb NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    claimed_until timestamptz,
    attempts      integer NOT NULL DEFAULT 0,
    last_error    text,
    published_at  timestamptz
);
CREATE INDEX outbox_pending ON outbox (id) WHERE published_at IS NULL;
COMMENT ON COLUMN outbox.claimed_until IS 'A publisher has it in hand until then; a crashed one loses its claim';

CREATE TABLE handled_events (
    consumer   text NOT NULL,
    event_id   uuid NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
