-- room: offers
-- +goose Up
-- Codes for one use that a confirmation carries, one an order.
CREATE TABLE offers_codes (
    shop_id      integer      NOT NULL,
    order_id     integer      NOT NULL,
    operation_id text        NOT NULL,
    customer_id  integer      NOT NULL,
    code         text        NOT NULL,
    percent      integer     NOT NULL,
    amount_minor integer      NOT NULL,
    currency     text        NOT NULL,
    ends_at      datetime NOT NULL,
    state        text        NOT NULL,
    reason       text        NOT NULL,
    shopify_id   text        NOT NULL,
    used_order   integer      NOT NULL,
    used_at      datetime,
    created_at   datetime NOT NULL,
    PRIMARY KEY (shop_id, order_id)
);
CREATE UNIQUE INDEX offers_codes_code ON offers_codes (shop_id, code) WHERE code <> '';
CREATE INDEX offers_codes_newest ON offers_codes (shop_id, operation_id);
CREATE INDEX offers_codes_customer ON offers_codes (shop_id, customer_id) WHERE customer_id <> 0;

-- How many codes a month has had, so that its limit holds whoever asks at once.
CREATE TABLE offers_months (
    shop_id integer  NOT NULL,
    month   text    NOT NULL,
    codes   integer  NOT NULL,
    PRIMARY KEY (shop_id, month)
);

-- What is bought together, counted as orders come: no order is looked at twice.
CREATE TABLE offers_counted (
    shop_id  integer NOT NULL,
    order_id integer NOT NULL,
    PRIMARY KEY (shop_id, order_id)
);
CREATE TABLE offers_products (
    shop_id    integer      NOT NULL,
    product_id integer      NOT NULL,
    title      text        NOT NULL,
    orders     integer      NOT NULL,
    last_at    datetime NOT NULL,
    PRIMARY KEY (shop_id, product_id)
);
CREATE INDEX offers_products_best ON offers_products (shop_id, orders DESC, product_id);
CREATE TABLE offers_pairs (
    shop_id    integer NOT NULL,
    product_id integer NOT NULL,
    other_id   integer NOT NULL,
    orders     integer NOT NULL,
    PRIMARY KEY (shop_id, product_id, other_id)
);
CREATE INDEX offers_pairs_best ON offers_pairs (shop_id, product_id, orders DESC, other_id);

-- +goose Down
DROP TABLE offers_pairs;
DROP TABLE offers_products;
DROP TABLE offers_counted;
DROP TABLE offers_months;
DROP TABLE offers_codes;
