-- What staff need: why the stock differs from what was sold (one row for each correction, applied once), and what waits.

CREATE TABLE stock_adjustments (
    id              uuid PRIMARY KEY,
    product_id      uuid NOT NULL REFERENCES products,
    change          integer NOT NULL CHECK (change <> 0),
    inventory_count integer NOT NULL CHECK (inventory_count >= 0),
    reason          text NOT NULL CHECK (reason <> ''),
    adjusted_by     text NOT NULL,
    adjusted_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN stock_adjustments.id IS 'Chosen by the form or program that asks: the same id is the same adjustment';
COMMENT ON COLUMN stock_adjustments.adjusted_by IS 'Id of the member of staff; no name, no address';
CREATE INDEX stock_adjustments_of_product ON stock_adjustments (product_id, adjusted_at);

CREATE INDEX orders_to_ship ON orders (created_at, id) WHERE status = 'PROCESSING';
