-- room: changes
-- +goose Up
-- A change is what a shopper, or staff for them, wanted done to an order before it
-- is sent, and what became of it.
CREATE TABLE changes_changes (
    shop_id     integer     NOT NULL,
    id          text        NOT NULL,
    order_id    integer     NOT NULL,
    order_name  text        NOT NULL,
    kind        text        NOT NULL,
    state       text        NOT NULL,
    asked_by    text        NOT NULL,
    credit      boolean     NOT NULL,
    line_id     integer     NOT NULL,
    variant_id  integer     NOT NULL,
    quantity    integer     NOT NULL,
    expected    integer,
    address     text        NOT NULL,
    item        text        NOT NULL,
    locale      text        NOT NULL,
    money_minor integer     NOT NULL,
    currency    text        NOT NULL,
    pay_url     text        NOT NULL,
    before      text        NOT NULL,
    reason      text        NOT NULL,
    detail      text        NOT NULL,
    hold        text        NOT NULL,
    held_at     datetime,
    created_at  datetime    NOT NULL,
    ended_at    datetime,
    PRIMARY KEY (shop_id, id)
);
CREATE UNIQUE INDEX changes_changes_live ON changes_changes (shop_id, order_id) WHERE state IN ('asked', 'holding', 'acting', 'settling', 'parked');
CREATE INDEX changes_changes_order ON changes_changes (shop_id, order_id, created_at DESC);
CREATE INDEX changes_changes_newest ON changes_changes (shop_id, created_at DESC, id DESC);
CREATE INDEX changes_changes_held ON changes_changes (shop_id, held_at) WHERE hold = 'held';

-- Which changes shoppers may make. No row: all that the granted access allows.
CREATE TABLE changes_settings (
    shop_id      integer     NOT NULL PRIMARY KEY,
    version      integer     NOT NULL,
    cancel       boolean     NOT NULL,
    address      boolean     NOT NULL,
    items        boolean     NOT NULL,
    credit       boolean     NOT NULL,
    hold_minutes integer     NOT NULL,
    updated_at   datetime    NOT NULL
);

-- +goose Down
DROP TABLE changes_settings;
DROP TABLE changes_changes;
