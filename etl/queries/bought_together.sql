-- The pairs of products that were ordered together most often in the last 90 days
WITH bought AS (
    SELECT DISTINCT order_id, sku
    FROM curated_order_items
    WHERE "date" >= date_format(current_date - INTERVAL '90' DAY, '%Y-%m-%d')
)
SELECT one.sku, other.sku AS bought_with, count(*) AS orders
FROM bought AS one
JOIN bought AS other ON other.order_id = one.order_id AND other.sku > one.sku
GROUP BY one.sku, other.sku
ORDER BY orders DESC, one.sku, other.sku
LIMIT 50
