-- Declined payments of each of the last 30 days by reason, what they were worth, and their part of the day's attempts
WITH attempts AS (
    SELECT "date", count(*) AS attempts
    FROM curated_payments
    WHERE "date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
      AND status IN ('CAPTURED', 'DECLINED')
    GROUP BY "date"
)
SELECT failed."date",
       failed.reason,
       coalesce(failed.currency, orders.currency) AS currency,
       count(*) AS declined,
       coalesce(sum(coalesce(failed.amount, orders.total)), 0) AS amount,
       round(1e2 * count(*) / max(attempts.attempts), 1) AS percent_of_attempts
FROM curated_payments AS failed
JOIN attempts ON attempts."date" = failed."date"
LEFT JOIN (
    SELECT order_id, total, currency
    FROM curated_orders
    WHERE "date" >= date_format(current_date - INTERVAL '31' DAY, '%Y-%m-%d')
      AND step = 'PLACED'
) AS orders ON orders.order_id = failed.order_id
WHERE failed."date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
  AND failed.status = 'DECLINED'
GROUP BY failed."date", failed.reason, coalesce(failed.currency, orders.currency)
ORDER BY failed."date" DESC, declined DESC, failed.reason, currency
