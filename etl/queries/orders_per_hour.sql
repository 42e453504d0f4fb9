-- When customers order: orders by hour of the day (UTC) over the last 30 days
SELECT hour(occurred_at) AS hour, currency, count(*) AS orders, sum(total) AS total
FROM curated_orders
WHERE "date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
  AND step = 'PLACED'
GROUP BY hour(occurred_at), currency
ORDER BY hour, currency
