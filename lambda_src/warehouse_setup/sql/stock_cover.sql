-- Stock of each product on sale after the last movement, and how many days it lasts at the pace of the 28 days before
WITH counts AS (
    SELECT product_id, occurred_at, inventory_count AS pieces FROM lake.curated_products
    UNION ALL
    SELECT product_id, occurred_at, inventory_count FROM lake.curated_inventory_movements WHERE reason = 'ADJUSTED'
),
counted AS (
    SELECT product_id, occurred_at, pieces
    FROM (
        SELECT product_id, occurred_at, pieces,
               ROW_NUMBER() OVER (PARTITION BY product_id ORDER BY occurred_at DESC) AS age
        FROM counts
    ) AS aged
    WHERE age = 1
),
products AS (
    SELECT product_id, sku, name
    FROM (
        SELECT product_id, sku, name, active,
               ROW_NUMBER() OVER (PARTITION BY product_id ORDER BY occurred_at DESC) AS age
        FROM lake.curated_products
    ) AS aged
    WHERE age = 1 AND active
),
newest AS (
    SELECT MAX(occurred_at) AS moment FROM lake.curated_inventory_movements
),
moved AS (
    SELECT movements.product_id,
           SUM(CASE WHEN movements.reason <> 'ADJUSTED' AND movements.occurred_at > counted.occurred_at
                    THEN movements.change ELSE 0 END) AS since_counted,
           GREATEST(SUM(CASE WHEN movements.reason <> 'ADJUSTED'
                              AND movements.occurred_at > DATEADD(day, -28, newest.moment)
                             THEN -movements.change ELSE 0 END), 0) AS sold
    FROM lake.curated_inventory_movements AS movements
    JOIN counted ON counted.product_id = movements.product_id
    CROSS JOIN newest
    GROUP BY movements.product_id
)
SELECT products.sku,
       products.name,
       counted.pieces + COALESCE(moved.since_counted, 0) AS stock,
       COALESCE(moved.sold, 0) AS sold,
       ROUND(GREATEST(counted.pieces + COALESCE(moved.since_counted, 0), 0) * 28.0 / NULLIF(moved.sold, 0), 1) AS days_left
FROM products
JOIN counted ON counted.product_id = products.product_id
LEFT JOIN moved ON moved.product_id = products.product_id
