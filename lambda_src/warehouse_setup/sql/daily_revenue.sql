-- Money taken, given back and kept on each day, and how many orders it came from
SELECT "date",
       currency,
       SUM(CASE WHEN status = 'CAPTURED' THEN 1 ELSE 0 END) AS paid_orders,
       SUM(CASE WHEN status = 'CAPTURED' THEN amount ELSE 0 END) AS captured,
       SUM(CASE WHEN status = 'REFUNDED' THEN amount ELSE 0 END) AS refunded,
       SUM(CASE WHEN status = 'CAPTURED' THEN amount ELSE -amount END) AS revenue
FROM lake.curated_payments
WHERE status IN ('CAPTURED', 'REFUNDED')
GROUP BY "date", currency
