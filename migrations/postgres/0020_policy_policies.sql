-- room: policy
-- +goose Up
-- What a shop promises about cancelling, changing and returning. Version 0 is the
-- draft; an order is judged by the version in force when it was placed, so none is
-- ever changed.
CREATE TABLE policy_policies (
    shop_id      bigint      NOT NULL,
    version      integer     NOT NULL,
    revision     integer     NOT NULL,
    source       text        NOT NULL,
    from_version integer     NOT NULL,
    changed_by   text        NOT NULL,
    changed_at   timestamptz NOT NULL,
    PRIMARY KEY (shop_id, version)
);

-- What rules ask about products and orders do not say.
CREATE TABLE policy_products (
    shop_id      bigint      NOT NULL,
    product_id   bigint      NOT NULL,
    product_type text        NOT NULL,
    tags         text        NOT NULL,
    collections  text        NOT NULL,
    read_at      timestamptz NOT NULL,
    PRIMARY KEY (shop_id, product_id)
);

-- +goose Down
DROP TABLE policy_products;
DROP TABLE policy_policies;
