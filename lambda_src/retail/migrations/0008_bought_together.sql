-- What else was in the orders that a product was in.

CREATE INDEX order_items_by_product ON order_items (product_id, order_id);
