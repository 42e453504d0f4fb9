-- How many signed-in customers paid for more than one order in the last 90 days, and what that brought
WITH customers AS (
    SELECT orders.customer_id, orders.currency, count(*) AS orders, sum(orders.total) AS revenue
    FROM curated_orders AS orders
    JOIN (
        SELECT DISTINCT order_id
        FROM curated_payments
        WHERE "date" >= date_format(current_date - INTERVAL '90' DAY, '%Y-%m-%d')
          AND status = 'CAPTURED'
    ) AS paid ON paid.order_id = orders.order_id
    WHERE orders."date" >= date_format(current_date - INTERVAL '90' DAY, '%Y-%m-%d')
      AND orders.step = 'PLACED'
      AND orders.customer_id IS NOT NULL
    GROUP BY orders.customer_id, orders.currency
)
SELECT currency,
       count(*) AS customers,
       count(*) FILTER (WHERE orders > 1) AS repeat_customers,
       round(1e2 * count(*) FILTER (WHERE orders > 1) / count(*), 1) AS repeat_percent,
       sum(revenue) AS revenue,
       coalesce(sum(revenue) FILTER (WHERE orders > 1), 0) AS repeat_revenue
FROM customers
GROUP BY currency
ORDER BY currency
