-- room: messages
-- +goose Up
-- One row a message, written by the transaction that decided to send it.
CREATE TABLE messages (
    id           text        NOT NULL PRIMARY KEY,
    shop_id      bigint      NOT NULL,
    kind         text        NOT NULL,
    once         text        NOT NULL,
    ref          text        NOT NULL,
    order_id     bigint      NOT NULL DEFAULT 0,
    order_name   text        NOT NULL DEFAULT '',
    customer_id  bigint      NOT NULL DEFAULT 0,
    to_address   text        NOT NULL,
    to_name      text        NOT NULL,
    locale       text        NOT NULL,
    state        text        NOT NULL,
    reason       text        NOT NULL DEFAULT '',
    subject      text        NOT NULL DEFAULT '',
    html         text        NOT NULL DEFAULT '',
    body_text    text        NOT NULL DEFAULT '',
    message_id   text        NOT NULL DEFAULT '',
    attempts     integer     NOT NULL DEFAULT 0,
    resend_of    text        NOT NULL DEFAULT '',
    delay_ms     bigint,
    caused_at    timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    attempted_at timestamptz,
    sent_at      timestamptz
);
-- lz4 costs half the processor time of the default for texts of this size.
ALTER TABLE messages ALTER COLUMN html SET COMPRESSION lz4;
ALTER TABLE messages ALTER COLUMN body_text SET COMPRESSION lz4;
CREATE UNIQUE INDEX messages_once ON messages (shop_id, kind, once);
CREATE INDEX messages_newest ON messages (shop_id, id);
CREATE INDEX messages_state ON messages (shop_id, state, id);
CREATE INDEX messages_order ON messages (shop_id, order_id) WHERE order_id <> 0;
CREATE INDEX messages_to ON messages (shop_id, to_address);
CREATE INDEX messages_sent ON messages (shop_id, sent_at) WHERE sent_at IS NOT NULL;

CREATE TABLE messages_history (
    id         text        NOT NULL PRIMARY KEY,
    shop_id    bigint      NOT NULL,
    message_id text        NOT NULL,
    at         timestamptz NOT NULL,
    state      text        NOT NULL,
    detail     text        NOT NULL
);
CREATE INDEX messages_history_message ON messages_history (shop_id, message_id, id);

-- Addresses we no longer write to, and why.
CREATE TABLE messages_suppressions (
    shop_id    bigint      NOT NULL,
    address    text        NOT NULL,
    reason     text        NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (shop_id, address)
);

-- +goose Down
DROP TABLE messages_suppressions;
DROP TABLE messages_history;
DROP TABLE messages;
