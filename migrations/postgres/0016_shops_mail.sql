-- room: shops
-- +goose Up
-- A shop's own mail server, its limits, and what is known of the sender's domain.
CREATE TABLE shops_mail (
    shop_id       bigint      NOT NULL PRIMARY KEY,
    version       integer     NOT NULL,
    host          text        NOT NULL,
    port          integer     NOT NULL,
    security      text        NOT NULL,
    username      text        NOT NULL,
    password      text        NOT NULL,
    from_address  text        NOT NULL,
    selector      text        NOT NULL,
    per_minute    integer     NOT NULL,
    per_hour      integer     NOT NULL,
    hook          text        NOT NULL,
    hook_key      text        NOT NULL,
    paused_until  timestamptz,
    paused_reason text        NOT NULL,
    findings      text        NOT NULL,
    checked_at    timestamptz,
    updated_at    timestamptz NOT NULL
);

-- +goose Down
DROP TABLE shops_mail;
