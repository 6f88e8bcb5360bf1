-- room: orders
-- +goose Up
-- Our copy of an order. The document is the newest payload in our own form; the
-- columns beside it serve lists and searches and hold nothing else. A deleted
-- order stays as a row without content, so that a late payload does not revive it.
CREATE TABLE orders (
    shop_id             bigint      NOT NULL,
    id                  bigint      NOT NULL,
    name                text        NOT NULL,
    placed_at           timestamptz NOT NULL,
    customer_id         bigint      NOT NULL,
    customer_name       text        NOT NULL,
    email               text        NOT NULL,
    locale              text        NOT NULL,
    currency            text        NOT NULL,
    total_minor         bigint      NOT NULL,
    items_count         bigint      NOT NULL,
    financial_status    text        NOT NULL,
    fulfillment_status  text        NOT NULL,
    cancelled_at        timestamptz,
    closed_at           timestamptz,
    test                boolean     NOT NULL,
    name_key            text COLLATE "C" NOT NULL,
    email_key           text COLLATE "C" NOT NULL,
    buyer_key           text COLLATE "C" NOT NULL,
    last_name_key       text COLLATE "C" NOT NULL,
    document            text        NOT NULL,
    details             text        NOT NULL DEFAULT '',
    digest              text        NOT NULL,
    source_updated_at   timestamptz NOT NULL,
    source_triggered_at timestamptz NOT NULL,
    returns_days        integer     NOT NULL,
    policy_version      integer     NOT NULL,
    first_seen_at       timestamptz NOT NULL,
    deleted_at          timestamptz,
    redacted_at         timestamptz,
    PRIMARY KEY (shop_id, id)
);
-- lz4 costs half the processor time of the default.
ALTER TABLE orders ALTER COLUMN document SET COMPRESSION lz4;
ALTER TABLE orders ALTER COLUMN details SET COMPRESSION lz4;
CREATE INDEX orders_newest ON orders (shop_id, placed_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX orders_cancelled ON orders (shop_id, placed_at DESC, id DESC) WHERE deleted_at IS NULL AND cancelled_at IS NOT NULL;
CREATE INDEX orders_unfulfilled ON orders (shop_id, placed_at DESC, id DESC) WHERE deleted_at IS NULL AND cancelled_at IS NULL AND fulfillment_status <> 'fulfilled';
CREATE INDEX orders_refunded ON orders (shop_id, placed_at DESC, id DESC) WHERE deleted_at IS NULL AND financial_status IN ('refunded', 'partially_refunded');
CREATE INDEX orders_customer ON orders (shop_id, customer_id) WHERE customer_id <> 0;
CREATE INDEX orders_by_name ON orders (shop_id, name_key);
CREATE INDEX orders_by_email ON orders (shop_id, email_key) WHERE email_key <> '';
CREATE INDEX orders_by_buyer ON orders (shop_id, buyer_key) WHERE buyer_key <> '';
CREATE INDEX orders_by_last_name ON orders (shop_id, last_name_key) WHERE last_name_key <> '';

-- Refunds that were told on their own. They never change, so they are kept as
-- they came and joined with those inside the order when it is read.
CREATE TABLE orders_refunds (
    shop_id    bigint      NOT NULL,
    id         bigint      NOT NULL,
    order_id   bigint      NOT NULL,
    document   text        NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX orders_refunds_order ON orders_refunds (shop_id, order_id);

-- What happened to an order, once each, without personal data.
CREATE TABLE orders_events (
    shop_id     bigint      NOT NULL,
    order_id    bigint      NOT NULL,
    once        text        NOT NULL,
    at          timestamptz NOT NULL,
    kind        text        NOT NULL,
    detail      text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (shop_id, order_id, once)
);

-- Pictures of products, which webhooks do not carry.
CREATE TABLE orders_pictures (
    shop_id    bigint      NOT NULL,
    product_id bigint      NOT NULL,
    variant_id bigint      NOT NULL,
    url        text        NOT NULL,
    alt        text        NOT NULL,
    read_at    timestamptz NOT NULL,
    PRIMARY KEY (shop_id, product_id, variant_id)
);

-- How far the comparison with Shopify has come.
CREATE TABLE orders_cursors (
    shop_id  bigint      NOT NULL PRIMARY KEY,
    position timestamptz,
    read_at  timestamptz,
    swept_at timestamptz
);

-- +goose Down
DROP TABLE orders_cursors;
DROP TABLE orders_pictures;
DROP TABLE orders_events;
DROP TABLE orders_refunds;
DROP TABLE orders;
