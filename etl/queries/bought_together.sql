-- The pairs of products that were ordered together most often in the last 90 days
WITH bought AS (
    SELECT DISTINCT order_id, line.sku
    FROM curated_orders
    CROSS JOIN UNNEST(lines) AS ordered (line)
    WHERE "date" >= date_format(current_date - INTERVAL '90' DAY, '%Y-%m-%d')
)
SELECT first.sku AS sku, second.sku AS bought_with, count(*) AS orders
FROM bought AS first
JOIN bought AS second ON first.order_id = second.order_id AND first.sku < second.sku
GROUP BY first.sku, second.sku
ORDER BY orders DESC
LIMIT 50
