-- room: messages
-- +goose Up
-- Until when a message waits and for what, and since when it is being tried: a
-- wait that was not its fault does not use up its time.
ALTER TABLE messages ADD COLUMN not_before datetime;
ALTER TABLE messages ADD COLUMN waits_for text NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN trying_since datetime;

-- Who is not written to, by all mails or by marketing only; where it came from
-- and, of an erased person, the address as a keyed hash.
CREATE TABLE messages_suppressed (
    shop_id    integer      NOT NULL,
    address    text        NOT NULL,
    scope      text        NOT NULL DEFAULT 'all',
    source     text        NOT NULL DEFAULT 'refused',
    reason     text        NOT NULL,
    message_id text        NOT NULL DEFAULT '',
    created_at datetime NOT NULL,
    PRIMARY KEY (shop_id, address, scope)
);
INSERT INTO messages_suppressed (shop_id, address, scope, source, reason, message_id, created_at)
    SELECT shop_id, address, 'all', 'refused', reason, '', created_at FROM messages_suppressions;
DROP TABLE messages_suppressions;
ALTER TABLE messages_suppressed RENAME TO messages_suppressions;
CREATE INDEX messages_suppressions_newest ON messages_suppressions (shop_id, created_at);

-- When the next mail of a shop with a limit may go, by the minute and by the hour.
CREATE TABLE messages_pace (
    shop_id   integer      NOT NULL PRIMARY KEY,
    minute_at datetime NOT NULL,
    hour_at   datetime NOT NULL
);

-- What mail providers and mailboxes said about mails, each event once.
CREATE TABLE messages_feedback (
    shop_id     integer      NOT NULL,
    event_key   text        NOT NULL,
    provider    text        NOT NULL,
    kind        text        NOT NULL,
    message_id  text        NOT NULL,
    status      text        NOT NULL,
    occurred_at datetime NOT NULL,
    received_at datetime NOT NULL,
    PRIMARY KEY (shop_id, event_key)
);
CREATE INDEX messages_feedback_newest ON messages_feedback (shop_id, received_at);
CREATE INDEX messages_feedback_message ON messages_feedback (shop_id, message_id);

-- +goose Down
DROP TABLE messages_feedback;
DROP TABLE messages_pace;
CREATE TABLE messages_suppressed (
    shop_id    integer      NOT NULL,
    address    text        NOT NULL,
    reason     text        NOT NULL,
    created_at datetime NOT NULL,
    PRIMARY KEY (shop_id, address)
);
INSERT INTO messages_suppressed (shop_id, address, reason, created_at)
    SELECT shop_id, address, reason, created_at FROM messages_suppressions WHERE scope = 'all';
DROP TABLE messages_suppressions;
ALTER TABLE messages_suppressed RENAME TO messages_suppressions;
ALTER TABLE messages DROP COLUMN trying_since;
ALTER TABLE messages DROP COLUMN waits_for;
ALTER TABLE messages DROP COLUMN not_before;
