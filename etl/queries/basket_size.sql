-- How full baskets are: orders by number of pieces over the last 30 days
SELECT reduce(lines, 0, (pieces, line) -> pieces + line.quantity, pieces -> pieces) AS pieces,
       count(*) AS orders,
       avg(total) AS average_order,
       currency
FROM curated_orders
WHERE "date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
GROUP BY 1, currency
ORDER BY 1
