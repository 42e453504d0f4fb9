-- Money taken, given back and kept on each of the last 30 days, and how many orders it came from
SELECT "date",
       currency,
       count(*) FILTER (WHERE status = 'CAPTURED') AS paid_orders,
       coalesce(sum(amount) FILTER (WHERE status = 'CAPTURED'), 0) AS captured,
       coalesce(sum(amount) FILTER (WHERE status = 'REFUNDED'), 0) AS refunded,
       sum(CASE status WHEN 'CAPTURED' THEN amount ELSE -amount END) AS revenue
FROM curated_payments
WHERE "date" >= date_format(current_date - INTERVAL '30' DAY, '%Y-%m-%d')
  AND status IN ('CAPTURED', 'REFUNDED')
GROUP BY "date", currency
ORDER BY "date" DESC, currency
