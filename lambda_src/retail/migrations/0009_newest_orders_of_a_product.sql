-- The newest orders of a product are found without reading all of them: what goes with it is decided by those.

ALTER TABLE order_items ADD COLUMN placed_at timestamptz NOT NULL DEFAULT now();
UPDATE order_items SET placed_at = orders.created_at FROM orders WHERE orders.id = order_items.order_id;

DROP INDEX order_items_by_product;
CREATE INDEX order_items_of_product ON order_items (product_id, placed_at DESC, order_id);
