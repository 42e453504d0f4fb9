-- Who may do what, in full: taken away and given anew after each run of the migrations, in one transaction.
-- What is not named here the storefront and the functions may not do; tables belong to whoever migrates.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM retail_storefront, retail_functions;

GRANT SELECT ON schema_migrations, signing_keys, payments TO retail_storefront;
GRANT SELECT, INSERT ON order_items, order_transitions, stock_adjustments TO retail_storefront;
GRANT SELECT, INSERT, UPDATE ON products, orders, reservations, idempotency_keys, outbox, customer_sessions
    TO retail_storefront;
GRANT SELECT, INSERT, UPDATE, DELETE ON categories, deliveries TO retail_storefront;
-- Not is_staff: no page of the shop can make anybody an employee.
GRANT SELECT, DELETE, INSERT (id, email, name, password_hash), UPDATE (email, name, password_hash) ON customers
    TO retail_storefront;

-- No customers, no signing keys: nobody's password, name or session comes of an event.
GRANT SELECT ON order_items TO retail_functions;
GRANT SELECT, UPDATE ON products, orders, reservations TO retail_functions;
GRANT SELECT, INSERT ON order_transitions TO retail_functions;
GRANT SELECT, INSERT, UPDATE ON payments TO retail_functions;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, handled_events TO retail_functions;
-- Clearing away locks the rows first, which takes UPDATE.
GRANT SELECT, UPDATE, DELETE ON deliveries, idempotency_keys, customer_sessions TO retail_functions;
