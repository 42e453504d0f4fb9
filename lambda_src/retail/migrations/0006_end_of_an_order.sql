-- How an order ends: cancelled, returned, its money given back; and since when its charge may have been made.

ALTER TABLE orders
    DROP CONSTRAINT orders_status_check,
    ADD CONSTRAINT orders_status_check CHECK (status IN (
        'PENDING', 'PAID', 'PAYMENT_FAILED', 'PROCESSING', 'SHIPPED', 'CANCELLED', 'RETURNED', 'REFUNDED'
    )),
    ADD COLUMN charge_requested_at timestamptz,
    ADD COLUMN tracking_code varchar(64);
COMMENT ON COLUMN orders.charge_requested_at IS 'From then on the gateway may have charged, whether or not we know its answer';

ALTER TABLE order_transitions ADD COLUMN note varchar(255);
COMMENT ON COLUMN order_transitions.note IS 'Why, in the words of whoever took the step; nothing personal';

ALTER TABLE payments
    DROP CONSTRAINT payments_status_check,
    ADD CONSTRAINT payments_status_check CHECK (status IN ('CAPTURED', 'DECLINED', 'REFUNDED')),
    ADD COLUMN refund_reference text,
    ADD COLUMN refunded_at timestamptz,
    ADD CONSTRAINT refunded_with_a_reference CHECK ((status = 'REFUNDED') = (refund_reference IS NOT NULL AND refunded_at IS NOT NULL));
