-- room: shops
-- +goose Up
CREATE TABLE shops (
    shop_id            bigint      NOT NULL PRIMARY KEY,
    domain             text        NOT NULL,
    name               text        NOT NULL,
    email              text        NOT NULL,
    currency           text        NOT NULL,
    timezone           text        NOT NULL,
    locale             text        NOT NULL,
    url                text        NOT NULL,
    state              text        NOT NULL,
    scopes             text        NOT NULL,
    installed_at       timestamptz NOT NULL,
    uninstalled_at     timestamptz,
    seen_at            timestamptz,
    source_updated_at  timestamptz
);
CREATE UNIQUE INDEX shops_domain ON shops (domain);

-- The token pair, encrypted. The lease is the right to refresh it.
CREATE TABLE shops_tokens (
    shop_id            bigint NOT NULL PRIMARY KEY,
    version            integer NOT NULL,
    access_token       text NOT NULL,
    refresh_token      text NOT NULL,
    previous_refresh   text NOT NULL,
    expires_at         timestamptz,
    refresh_expires_at timestamptz,
    lease_until        timestamptz,
    needs_reauth       boolean NOT NULL,
    updated_at         timestamptz NOT NULL
);

CREATE TABLE shops_settings (
    shop_id              bigint      NOT NULL PRIMARY KEY,
    version              integer     NOT NULL,
    sender_name          text        NOT NULL,
    reply_to             text        NOT NULL,
    postal_address       text        NOT NULL,
    support_email        text        NOT NULL,
    logo_url             text        NOT NULL,
    accent_color         text        NOT NULL,
    confirmation_enabled boolean     NOT NULL,
    returns_days         integer     NOT NULL,
    returns_policy_url   text        NOT NULL,
    updated_at           timestamptz NOT NULL
);

-- What Shopify asked us to disclose or erase, and when it is due.
CREATE TABLE shops_privacy_requests (
    id           text NOT NULL PRIMARY KEY,
    shop_id      bigint NOT NULL,
    topic        text NOT NULL,
    customer_id  bigint NOT NULL,
    email        text NOT NULL,
    phone        text NOT NULL,
    order_ids    text NOT NULL,
    received_at  timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    done_at      timestamptz
);
CREATE INDEX shops_privacy_requests_open ON shops_privacy_requests (shop_id, due_at) WHERE done_at IS NULL;

-- +goose Down
DROP TABLE shops_privacy_requests;
DROP TABLE shops_settings;
DROP TABLE shops_tokens;
DROP TABLE shops;
