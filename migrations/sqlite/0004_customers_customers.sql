-- room: customers
-- +goose Up
-- Who bought, as Shopify last told us. A deleted or redacted customer leaves a
-- row without a person in it, so that a late payload brings nobody back.
CREATE TABLE customers (
    shop_id             integer     NOT NULL,
    id                  integer     NOT NULL,
    email               text        NOT NULL,
    phone               text        NOT NULL,
    first_name          text        NOT NULL,
    last_name           text        NOT NULL,
    locale              text        NOT NULL,
    state               text        NOT NULL,
    verified_email      boolean     NOT NULL,
    digest              text        NOT NULL,
    source_updated_at   datetime    NOT NULL,
    source_triggered_at datetime    NOT NULL,
    first_seen_at       datetime    NOT NULL,
    deleted_at          datetime,
    redacted_at         datetime,
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX customers_email ON customers (shop_id, email) WHERE email <> '';
CREATE INDEX customers_phone ON customers (shop_id, phone) WHERE phone <> '';

-- +goose Down
DROP TABLE customers;
