-- How many days the stock of each product on sale lasts at the pace of the last 28 days, scarcest first
WITH counted AS (
    -- The last time that somebody said how many pieces there are, whenever that was: hence no limit to the days read.
    SELECT product_id, max(occurred_at) AS counted_at, max_by(inventory_count, occurred_at) AS pieces
    FROM (
        SELECT product_id, occurred_at, inventory_count FROM curated_products
        UNION ALL
        SELECT product_id, occurred_at, inventory_count FROM curated_inventory_movements WHERE reason = 'ADJUSTED'
    ) AS counts
    GROUP BY product_id
),
moved AS (
    SELECT movements.product_id, sum(movements.change) AS pieces
    FROM curated_inventory_movements AS movements
    JOIN counted ON counted.product_id = movements.product_id AND movements.occurred_at > counted.counted_at
    WHERE movements.reason <> 'ADJUSTED'
    GROUP BY movements.product_id
),
sold AS (
    SELECT product_id, greatest(-sum(change), 0) AS pieces
    FROM curated_inventory_movements
    WHERE "date" >= date_format(current_date - INTERVAL '28' DAY, '%Y-%m-%d')
      AND reason IN ('RESERVED', 'RELEASED')
    GROUP BY product_id
),
products AS (
    SELECT product_id,
           max_by(sku, occurred_at) AS sku,
           max_by(name, occurred_at) AS name,
           max_by(active, occurred_at) AS active
    FROM curated_products
    GROUP BY product_id
)
SELECT products.sku,
       products.name,
       counted.pieces + coalesce(moved.pieces, 0) AS stock,
       coalesce(sold.pieces, 0) AS sold,
       round(greatest(counted.pieces + coalesce(moved.pieces, 0), 0) * 28e0 / nullif(sold.pieces, 0), 1) AS days_left
FROM products
JOIN counted ON counted.product_id = products.product_id
LEFT JOIN moved ON moved.product_id = products.product_id
LEFT JOIN sold ON sold.product_id = products.product_id
WHERE products.active
ORDER BY days_left NULLS LAST, products.sku
