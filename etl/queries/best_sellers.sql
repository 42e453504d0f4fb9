-- The twenty products that sold best in the last 30 days, by pieces
SELECT line.sku,
       max_by(line.name, occurred_at) AS name,
       currency,
       sum(line.quantity) AS pieces,
       sum(line.quantity * line.unit_price) AS revenue
FROM curated_orders
CROSS JOIN UNNEST(lines) AS ordered (line)
WHERE "date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
GROUP BY line.sku, currency
ORDER BY pieces DESC
LIMIT 20
