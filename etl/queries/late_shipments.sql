-- Paid orders of the last 30 days that took more than two days to leave the house or are still in it, longest first
WITH paid AS (
    SELECT order_id, min(occurred_at) AS paid_at
    FROM curated_payments
    WHERE "date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
      AND status = 'CAPTURED'
    GROUP BY order_id
),
ended AS (
    SELECT order_id,
           min(CASE WHEN step = 'SHIPPED' THEN occurred_at END) AS shipped_at,
           min(CASE WHEN step = 'CANCELLED' THEN occurred_at END) AS cancelled_at
    FROM curated_orders
    WHERE "date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
    GROUP BY order_id
),
waits AS (
    SELECT paid.order_id,
           paid.paid_at,
           ended.shipped_at,
           (to_unixtime(coalesce(ended.shipped_at, CAST(current_timestamp AS timestamp)))
            - to_unixtime(paid.paid_at)) / 3600 AS hours
    FROM paid
    LEFT JOIN ended ON ended.order_id = paid.order_id
    WHERE ended.shipped_at IS NOT NULL OR ended.cancelled_at IS NULL
)
SELECT order_id, paid_at, shipped_at, round(hours, 1) AS hours
FROM waits
WHERE hours > 48
ORDER BY hours DESC, order_id
LIMIT 1000
