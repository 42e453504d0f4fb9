-- Staff make and change shelves, two of them at once without overwriting each other.

ALTER TABLE categories ADD COLUMN version integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN categories.version IS 'Rises with each edit by staff, as that of a product does';
