-- room: offers
-- +goose Up
-- Codes for one use that a confirmation carries, one an order.
CREATE TABLE offers_codes (
    shop_id      bigint      NOT NULL,
    order_id     bigint      NOT NULL,
    operation_id text        NOT NULL,
    customer_id  bigint      NOT NULL,
    code         text        NOT NULL,
    percent      integer     NOT NULL,
    amount_minor bigint      NOT NULL,
    currency     text        NOT NULL,
    ends_at      timestamptz NOT NULL,
    state        text        NOT NULL,
    reason       text        NOT NULL,
    shopify_id   text        NOT NULL,
    used_order   bigint      NOT NULL,
    used_at      timestamptz,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (shop_id, order_id)
);
CREATE UNIQUE INDEX offers_codes_code ON offers_codes (shop_id, code) WHERE code <> '';
CREATE INDEX offers_codes_newest ON offers_codes (shop_id, operation_id);
CREATE INDEX offers_codes_customer ON offers_codes (shop_id, customer_id) WHERE customer_id <> 0;

-- How many codes a month has had, so that its limit holds whoever asks at once.
CREATE TABLE offers_months (
    shop_id bigint  NOT NULL,
    month   text    NOT NULL,
    codes   bigint  NOT NULL,
    PRIMARY KEY (shop_id, month)
);

-- What is bought together, counted as orders come: no order is looked at twice.
CREATE TABLE offers_counted (
    shop_id  bigint NOT NULL,
    order_id bigint NOT NULL,
    PRIMARY KEY (shop_id, order_id)
);
CREATE TABLE offers_products (
    shop_id    bigint      NOT NULL,
    product_id bigint      NOT NULL,
    title      text        NOT NULL,
    orders     bigint      NOT NULL,
    last_at    timestamptz NOT NULL,
    PRIMARY KEY (shop_id, product_id)
);
CREATE INDEX offers_products_best ON offers_products (shop_id, orders DESC, product_id);
CREATE TABLE offers_pairs (
    shop_id    bigint NOT NULL,
    product_id bigint NOT NULL,
    other_id   bigint NOT NULL,
    orders     bigint NOT NULL,
    PRIMARY KEY (shop_id, product_id, other_id)
);
CREATE INDEX offers_pairs_best ON offers_pairs (shop_id, product_id, orders DESC, other_id);

-- +goose Down
DROP TABLE offers_pairs;
DROP TABLE offers_products;
DROP TABLE offers_counted;
DROP TABLE offers_months;
DROP TABLE offers_codes;
