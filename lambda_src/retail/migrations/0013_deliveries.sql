-- Where an order goes: apart from the order, so that it can be erased without it. Orders placed before have none.

CREATE TABLE deliveries (
    order_id  uuid PRIMARY KEY REFERENCES orders,
    recipient varchar(100) NOT NULL,
    line1     varchar(100) NOT NULL,
    line2     varchar(100) NOT NULL DEFAULT '',
    postcode  varchar(20) NOT NULL DEFAULT '',
    city      varchar(100) NOT NULL,
    country   char(2) NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    ended_at  timestamptz
);
COMMENT ON TABLE deliveries IS 'Personal: in no event and no log line, and erased some time after the end of the order';
COMMENT ON COLUMN deliveries.ended_at IS 'When the order took what was its last step so far; absent while it goes on';
CREATE INDEX deliveries_of_ended_orders ON deliveries (ended_at) WHERE ended_at IS NOT NULL;
