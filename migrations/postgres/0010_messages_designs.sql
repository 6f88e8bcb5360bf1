-- room: messages
-- +goose Up
-- How the merchant wants a kind of mail to be written. Version 0 is the draft;
-- the highest version is the one in use, and none is ever changed.
CREATE TABLE messages_designs (
    shop_id    bigint      NOT NULL,
    kind       text        NOT NULL,
    version    integer     NOT NULL,
    revision   integer     NOT NULL,
    document   text        NOT NULL,
    from_version integer   NOT NULL,
    changed_by text        NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (shop_id, kind, version)
);

-- Which variant of its kind a message is, who chose it, and why the merchant's
-- own template was not used, if it was not.
ALTER TABLE messages ADD COLUMN variant text NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN variant_reason text NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN fallback text NOT NULL DEFAULT '';
CREATE INDEX messages_fallback ON messages (shop_id, sent_at) WHERE fallback <> '';

-- +goose Down
DROP INDEX messages_fallback;
ALTER TABLE messages DROP COLUMN fallback;
ALTER TABLE messages DROP COLUMN variant_reason;
ALTER TABLE messages DROP COLUMN variant;
DROP TABLE messages_designs;
