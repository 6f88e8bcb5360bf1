-- room: orders
-- +goose Up
-- Imports of what a shop had before us, or while we were away. One row each, so
-- that it can be gone on with wherever it stopped: bytes_done is where in
-- Shopify's file the next object begins.
CREATE TABLE orders_imports (
    shop_id      integer     NOT NULL,
    id           text        NOT NULL,
    object       text        NOT NULL,
    state        text        NOT NULL,
    since        datetime,
    operation_id text        NOT NULL,
    asked_at     datetime,
    snapshot_at  datetime,
    total        integer     NOT NULL,
    done         integer     NOT NULL,
    written      integer     NOT NULL,
    parked       integer     NOT NULL,
    bytes_done   integer     NOT NULL,
    bytes_total  integer     NOT NULL,
    restarts     integer     NOT NULL,
    reason       text        NOT NULL,
    pace_at      datetime,
    pace_done    integer     NOT NULL,
    created_at   datetime    NOT NULL,
    started_at   datetime,
    updated_at   datetime    NOT NULL,
    ended_at     datetime,
    PRIMARY KEY (shop_id, id)
);
CREATE UNIQUE INDEX orders_imports_active ON orders_imports (shop_id, object) WHERE state IN ('planned', 'running', 'downloading');

-- Lines of an import that could not be used: where and why, never what they held.
CREATE TABLE orders_import_lines (
    shop_id    integer     NOT NULL,
    import_id  text        NOT NULL,
    bytes_at   integer     NOT NULL,
    object_gid text        NOT NULL,
    reason     text        NOT NULL,
    created_at datetime    NOT NULL,
    PRIMARY KEY (shop_id, import_id, bytes_at)
);

-- +goose Down
DROP TABLE orders_import_lines;
DROP TABLE orders_imports;
