-- The twenty products of which most pieces were sold in paid orders of the last 30 days
SELECT items.sku,
       max_by(items.name, items.occurred_at) AS name,
       items.currency,
       sum(items.quantity) AS pieces,
       sum(items.line_total) AS revenue
FROM curated_order_items AS items
JOIN (
    SELECT DISTINCT order_id
    FROM curated_payments
    WHERE "date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
      AND status = 'CAPTURED'
) AS paid ON paid.order_id = items.order_id
WHERE items."date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
GROUP BY items.sku, items.currency
ORDER BY pieces DESC, items.sku
LIMIT 20
