-- room: shops
-- +goose Up
-- Who of the merchant's people has used the app, and what they may do in it.
CREATE TABLE shops_staff (
    shop_id       integer     NOT NULL,
    staff_id      text        NOT NULL,
    role          text        NOT NULL,
    extras        text        NOT NULL,
    display_name  text        NOT NULL,
    account_owner boolean     NOT NULL,
    collaborator  boolean     NOT NULL,
    first_seen_at datetime    NOT NULL,
    seen_at       datetime    NOT NULL,
    asked_at      datetime,
    changed_at    datetime,
    changed_by    text        NOT NULL,
    PRIMARY KEY (shop_id, staff_id)
);
-- What somebody may do whom the app has not seen before.
ALTER TABLE shops ADD COLUMN default_role text NOT NULL DEFAULT 'viewer';

-- A list shows many people at once: how many, and of what kind.
ALTER TABLE shops_access_log ADD COLUMN kind text NOT NULL DEFAULT '';
ALTER TABLE shops_access_log ADD COLUMN people integer NOT NULL DEFAULT 1;

-- Whom a restored backup must be made to forget again: Shopify's numbers and keyed
-- hashes, no name and no address. A copy of it lies outside of the database.
CREATE TABLE shops_redactions (
    shop_id     integer     NOT NULL,
    id          text        NOT NULL,
    customer_id integer     NOT NULL,
    order_ids   text        NOT NULL,
    hashes      text        NOT NULL,
    erased_at   datetime    NOT NULL,
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX shops_redactions_erased ON shops_redactions (erased_at);

-- +goose Down
DROP TABLE shops_redactions;
ALTER TABLE shops_access_log DROP COLUMN people;
ALTER TABLE shops_access_log DROP COLUMN kind;
ALTER TABLE shops DROP COLUMN default_role;
DROP TABLE shops_staff;
