-- Orders and revenue of each of the last 30 days
SELECT "date", currency, count(*) AS orders, sum(total) AS revenue, avg(total) AS average_order
FROM curated_orders
WHERE "date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
GROUP BY "date", currency
ORDER BY "date" DESC, currency
