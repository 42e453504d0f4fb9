-- What is old is found without reading what is not; and the trace of a request goes along with its events.

CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;
CREATE INDEX handled_events_by_date ON handled_events (handled_at);

ALTER TABLE outbox ADD COLUMN trace_header varchar(256);
COMMENT ON COLUMN outbox.trace_header IS 'X-Ray''s name of the request that caused the event; absent where nobody traces';
