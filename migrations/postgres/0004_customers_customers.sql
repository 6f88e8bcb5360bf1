-- room: customers
-- +goose Up
-- Who bought, as Shopify last told us. A deleted or redacted customer leaves a
-- row without a person in it, so that a late payload brings nobody back.
CREATE TABLE customers (
    shop_id             bigint      NOT NULL,
    id                  bigint      NOT NULL,
    email               text        NOT NULL,
    phone               text        NOT NULL,
    first_name          text        NOT NULL,
    last_name           text        NOT NULL,
    locale              text        NOT NULL,
    state               text        NOT NULL,
    verified_email      boolean     NOT NULL,
    digest              text        NOT NULL,
    source_updated_at   timestamptz NOT NULL,
    source_triggered_at timestamptz NOT NULL,
    first_seen_at       timestamptz NOT NULL,
    deleted_at          timestamptz,
    redacted_at         timestamptz,
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX customers_email ON customers (shop_id, email) WHERE email <> '';
CREATE INDEX customers_phone ON customers (shop_id, phone) WHERE phone <> '';

-- +goose Down
DROP TABLE customers;
