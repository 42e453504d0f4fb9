-- How full baskets are: orders by number of pieces over the last 30 days
SELECT pieces, currency, count(*) AS orders, round(CAST(sum(total) AS double) / count(*), 2) AS average_order
FROM curated_orders
WHERE "date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
  AND step = 'PLACED'
GROUP BY pieces, currency
ORDER BY pieces, currency
