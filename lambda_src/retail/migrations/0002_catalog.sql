-- The catalog as a customer browses it: shelves, what is on them, and words to find it by.

CREATE TABLE categories (
    slug        text PRIMARY KEY CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name        text NOT NULL UNIQUE,
    description text NOT NULL DEFAULT '',
    position    integer NOT NULL DEFAULT 0,
    cover_sku   varchar(32)
);
COMMENT ON COLUMN categories.cover_sku IS 'The product whose picture stands for the category';

-- Names become slugs, so that an address outlives a change of the name.
INSERT INTO categories (slug, name)
SELECT DISTINCT ON (slug) slug, name
FROM (
    SELECT trim(BOTH '-' FROM regexp_replace(lower(name), '[^a-z0-9]+', '-', 'g')) AS slug, name
    FROM products, jsonb_array_elements_text(categories) AS name
) AS found
WHERE slug <> '';
UPDATE products SET categories = (
    SELECT coalesce(jsonb_agg(slug), '[]')
    FROM jsonb_array_elements_text(categories) AS name,
         trim(BOTH '-' FROM regexp_replace(lower(name), '[^a-z0-9]+', '-', 'g')) AS slug
    WHERE slug <> ''
);

ALTER TABLE products
    ADD COLUMN active boolean NOT NULL DEFAULT true,
    ADD COLUMN featured boolean NOT NULL DEFAULT false,
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN drawing jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(drawing) = 'object');
COMMENT ON COLUMN products.version IS 'Rises with each edit by staff, so that two of them cannot overwrite each other';
COMMENT ON COLUMN products.drawing IS 'What the picture is drawn from; nothing that a customer asks for';

UPDATE products SET
    drawing = jsonb_strip_nulls(jsonb_build_object('picture', attributes -> 'picture', 'tone', attributes -> 'tone')),
    attributes = attributes - 'picture' - 'tone';

ALTER TABLE products ADD COLUMN search tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('english', name), 'A')
    || setweight(to_tsvector('english', sku), 'A')
    || setweight(to_tsvector('english', categories), 'B')
    || setweight(to_tsvector('english', attributes), 'C')
    || setweight(to_tsvector('english', description), 'D')
) STORED;

CREATE INDEX products_search ON products USING gin (search);
CREATE INDEX products_categories ON products USING gin (categories jsonb_path_ops);
-- One for each order of a list, with the id that tells equals apart.
CREATE INDEX products_by_name ON products (name, id) WHERE active;
CREATE INDEX products_by_price ON products (price, id) WHERE active;
CREATE INDEX products_by_age ON products (created_at, id) WHERE active;
