-- room: orders
-- +goose Up
-- Imports of what a shop had before us, or while we were away. One row each, so
-- that it can be gone on with wherever it stopped: bytes_done is where in
-- Shopify's file the next object begins.
CREATE TABLE orders_imports (
    shop_id      bigint      NOT NULL,
    id           text        NOT NULL,
    object       text        NOT NULL,
    state        text        NOT NULL,
    since        timestamptz,
    operation_id text        NOT NULL,
    asked_at     timestamptz,
    snapshot_at  timestamptz,
    total        bigint      NOT NULL,
    done         bigint      NOT NULL,
    written      bigint      NOT NULL,
    parked       bigint      NOT NULL,
    bytes_done   bigint      NOT NULL,
    bytes_total  bigint      NOT NULL,
    restarts     bigint      NOT NULL,
    reason       text        NOT NULL,
    pace_at      timestamptz,
    pace_done    bigint      NOT NULL,
    created_at   timestamptz NOT NULL,
    started_at   timestamptz,
    updated_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    PRIMARY KEY (shop_id, id)
);
CREATE UNIQUE INDEX orders_imports_active ON orders_imports (shop_id, object) WHERE state IN ('planned', 'running', 'downloading');

-- Lines of an import that could not be used: where and why, never what they held.
CREATE TABLE orders_import_lines (
    shop_id    bigint      NOT NULL,
    import_id  text        NOT NULL,
    bytes_at   bigint      NOT NULL,
    object_gid text        NOT NULL,
    reason     text        NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (shop_id, import_id, bytes_at)
);

-- +goose Down
DROP TABLE orders_import_lines;
DROP TABLE orders_imports;
