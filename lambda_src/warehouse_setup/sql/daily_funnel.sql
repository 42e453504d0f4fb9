-- Of the visits that filled their first cart on each day: how many ordered, paid, and had it shipped
SELECT carts."date",
       COUNT(DISTINCT carts.visit_id) AS carts,
       COUNT(DISTINCT placed.visit_id) AS ordered,
       COUNT(DISTINCT CASE WHEN paid.order_id IS NOT NULL THEN placed.visit_id END) AS paid,
       COUNT(DISTINCT CASE WHEN shipped.order_id IS NOT NULL THEN placed.visit_id END) AS shipped
FROM (SELECT visit_id, MIN("date") AS "date" FROM lake.curated_cart_additions GROUP BY visit_id) AS carts
LEFT JOIN lake.curated_orders AS placed ON placed.visit_id = carts.visit_id AND placed.step = 'PLACED'
LEFT JOIN lake.curated_payments AS paid ON paid.order_id = placed.order_id AND paid.status = 'CAPTURED'
LEFT JOIN lake.curated_orders AS shipped ON shipped.order_id = placed.order_id AND shipped.step = 'SHIPPED'
GROUP BY carts."date"
