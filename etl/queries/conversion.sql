-- Of the visits that filled a cart on each of the last 30 days: how many ordered, and how many of those paid
WITH carts AS (
    SELECT visit_id, min("date") AS "date"
    FROM curated_cart_additions
    WHERE "date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
    GROUP BY visit_id
),
placed AS (
    SELECT visit_id, order_id
    FROM curated_orders
    WHERE "date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
      AND step = 'PLACED'
),
paid AS (
    SELECT DISTINCT order_id
    FROM curated_payments
    WHERE "date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
      AND status = 'CAPTURED'
)
SELECT carts."date",
       count(DISTINCT carts.visit_id) AS carts,
       count(DISTINCT placed.visit_id) AS ordered,
       count(DISTINCT CASE WHEN paid.order_id IS NOT NULL THEN placed.visit_id END) AS paid,
       round(1e2 * count(DISTINCT CASE WHEN paid.order_id IS NOT NULL THEN placed.visit_id END)
             / count(DISTINCT carts.visit_id), 1) AS paid_percent
FROM carts
LEFT JOIN placed ON placed.visit_id = carts.visit_id
LEFT JOIN paid ON paid.order_id = placed.order_id
GROUP BY carts."date"
ORDER BY carts."date" DESC
