-- Pieces and revenue of each product in the orders that were placed on each day and paid
SELECT items."date",
       items.sku,
       MAX(items.name) AS name,
       items.currency,
       SUM(items.quantity) AS pieces,
       SUM(items.line_total) AS revenue
FROM lake.curated_order_items AS items
JOIN (SELECT DISTINCT order_id FROM lake.curated_payments WHERE status = 'CAPTURED') AS paid
  ON paid.order_id = items.order_id
GROUP BY items."date", items.sku, items.currency
