-- Hours from an order to its parcel, of the orders that were shipped on each day: the middle one, and nine of ten
SELECT "date",
       COUNT(*) AS shipped,
       ROUND(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY hours), 1) AS median_hours,
       ROUND(PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY hours), 1) AS p90_hours
FROM (
    SELECT shipped."date", DATEDIFF(second, placed.occurred_at, shipped.occurred_at) / 3600.0 AS hours
    FROM lake.curated_orders AS shipped
    JOIN lake.curated_orders AS placed ON placed.order_id = shipped.order_id AND placed.step = 'PLACED'
    WHERE shipped.step = 'SHIPPED'
) AS parcels
GROUP BY "date"
