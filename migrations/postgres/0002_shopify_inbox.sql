-- room: shopify
-- +goose Up
-- Every webhook that Shopify sent, once. The body goes when it has been worked
-- off; the row stays 35 days to know a repetition when it comes.
CREATE TABLE shopify_inbox (
    id           text        NOT NULL PRIMARY KEY,
    shop_id      bigint      NOT NULL,
    topic        text        NOT NULL,
    event_id     text        NOT NULL,
    webhook_id   text        NOT NULL,
    api_version  text        NOT NULL,
    triggered_at timestamptz,
    received_at  timestamptz NOT NULL,
    state        text        NOT NULL,
    subject      text        NOT NULL DEFAULT '',
    body         bytea,
    processed_at timestamptz
);
-- lz4 costs half the processor time of the default for bodies of this size.
ALTER TABLE shopify_inbox ALTER COLUMN body SET COMPRESSION lz4;
CREATE UNIQUE INDEX shopify_inbox_event ON shopify_inbox (shop_id, topic, event_id);
CREATE INDEX shopify_inbox_new ON shopify_inbox (id) WHERE state = 'new';
CREATE INDEX shopify_inbox_subject ON shopify_inbox (shop_id, subject) WHERE subject <> '';
CREATE INDEX shopify_inbox_received ON shopify_inbox (received_at);

-- +goose Down
DROP TABLE shopify_inbox;
