-- room: mail
-- +goose Up
-- The built-in mailbox: what would have gone out, where no mail server is named.
CREATE TABLE mail_mailbox (
    id         text        NOT NULL PRIMARY KEY,
    shop_id    integer     NOT NULL,
    to_address text        NOT NULL,
    subject    text        NOT NULL,
    headers    text       NOT NULL,
    html       text        NOT NULL,
    body_text  text        NOT NULL,
    message_id text        NOT NULL,
    at         datetime    NOT NULL
);
CREATE UNIQUE INDEX mail_mailbox_message ON mail_mailbox (shop_id, message_id);
CREATE INDEX mail_mailbox_newest ON mail_mailbox (at, id);
CREATE INDEX mail_mailbox_to ON mail_mailbox (to_address, at);

-- +goose Down
DROP TABLE mail_mailbox;
