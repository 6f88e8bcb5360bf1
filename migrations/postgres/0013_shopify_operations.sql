-- room: shopify
-- +goose Up
-- One row for each call to Shopify that moves value or creates something, written
-- before the call. The id is the key under which Shopify knows the call, if it
-- keeps keys at all.
CREATE TABLE shopify_operations (
    shop_id      bigint      NOT NULL,
    id           text        NOT NULL,
    kind         text        NOT NULL,
    subject      text        NOT NULL,
    order_id     bigint      NOT NULL,
    input        text        NOT NULL,
    input_hash   text        NOT NULL,
    amount_minor bigint      NOT NULL,
    currency     text        NOT NULL,
    state        text        NOT NULL,
    attempt      integer     NOT NULL,
    shopify_id   text        NOT NULL,
    reason       text        NOT NULL,
    created_at   timestamptz NOT NULL,
    sent_at      timestamptz,
    settled_at   timestamptz,
    PRIMARY KEY (shop_id, id)
);
-- One live operation about a thing, and one at a time on an order: the row is the lock.
CREATE UNIQUE INDEX shopify_operations_live ON shopify_operations (shop_id, kind, subject) WHERE state IN ('planned', 'sent', 'uncertain', 'parked');
CREATE UNIQUE INDEX shopify_operations_turn ON shopify_operations (shop_id, order_id) WHERE order_id <> 0 AND state IN ('sent', 'uncertain');
CREATE INDEX shopify_operations_order ON shopify_operations (shop_id, order_id, id) WHERE order_id <> 0;
CREATE INDEX shopify_operations_parked ON shopify_operations (shop_id, id) WHERE state = 'parked';

-- +goose Down
DROP TABLE shopify_operations;
