-- room: tracking
-- +goose Up
-- A shopper says that a parcel is not there although it was delivered. The table of
-- this name was never written to.
DROP TABLE tracking_claims;
CREATE TABLE tracking_claims (
    shop_id     integer      NOT NULL,
    id          text        NOT NULL,
    order_id    integer      NOT NULL,
    order_name  text        NOT NULL,
    customer_id integer      NOT NULL,
    parcel_id   integer      NOT NULL,
    state       text        NOT NULL,
    checked     text        NOT NULL,
    statement   text        NOT NULL,
    locale      text        NOT NULL,
    findings    text        NOT NULL,
    offer_id    text        NOT NULL,
    answer      text        NOT NULL,
    decided_by  text        NOT NULL,
    history     text        NOT NULL,
    photos      integer      NOT NULL,
    made_at     datetime NOT NULL,
    wait_until  datetime NOT NULL,
    due_at      datetime NOT NULL,
    decided_at  datetime,
    closed_at   datetime,
    erased_at   datetime,
    PRIMARY KEY (shop_id, id)
);
CREATE UNIQUE INDEX tracking_claims_parcel ON tracking_claims (shop_id, parcel_id) WHERE state NOT IN ('found', 'closed');
CREATE INDEX tracking_claims_order ON tracking_claims (shop_id, order_id);
CREATE INDEX tracking_claims_customer ON tracking_claims (shop_id, customer_id, made_at);
CREATE INDEX tracking_claims_state ON tracking_claims (shop_id, state, id DESC);

-- The place and the door. Only pixels of ours.
CREATE TABLE tracking_claim_photos (
    shop_id    integer      NOT NULL,
    id         text        NOT NULL,
    claim_id   text        NOT NULL,
    position   integer      NOT NULL,
    picture    blob       NOT NULL,
    width      integer      NOT NULL,
    height     integer      NOT NULL,
    created_at datetime NOT NULL,
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX tracking_claim_photos_claim ON tracking_claim_photos (shop_id, claim_id, position);

-- How the merchant wants claims judged. No row: a person decides each.
CREATE TABLE tracking_claim_settings (
    shop_id         integer      NOT NULL PRIMARY KEY,
    version         integer      NOT NULL,
    enabled         boolean     NOT NULL,
    days            integer      NOT NULL,
    wait_hours      integer      NOT NULL,
    answer_days     integer      NOT NULL,
    automatic       boolean     NOT NULL,
    currency        text        NOT NULL,
    value_max_minor integer      NOT NULL,
    customer_days   integer      NOT NULL,
    customer_most   integer      NOT NULL,
    reship          boolean     NOT NULL,
    refund          boolean     NOT NULL,
    credit          boolean     NOT NULL,
    updated_at      datetime NOT NULL
);
ALTER TABLE tracking_goodwill DROP COLUMN claims;
ALTER TABLE tracking_goodwill DROP COLUMN claim_hours;

-- Where the order was to go when the parcel left, as a fingerprint.
ALTER TABLE tracking_parcels ADD COLUMN address_key text NOT NULL DEFAULT '';

-- A missing parcel is made good once, though after a refusal another way may be tried.
DROP INDEX tracking_offers_parcel;
CREATE UNIQUE INDEX tracking_offers_parcel ON tracking_offers (shop_id, parcel_id, cause) WHERE cause <> 'missing';
CREATE UNIQUE INDEX tracking_offers_missing ON tracking_offers (shop_id, parcel_id) WHERE cause = 'missing' AND state NOT IN ('refused', 'ended');
CREATE INDEX tracking_offers_by_parcel ON tracking_offers (shop_id, parcel_id);

-- +goose Down
DROP INDEX tracking_offers_by_parcel;
DROP INDEX tracking_offers_missing;
DELETE FROM tracking_offers WHERE cause = 'missing';
DROP INDEX tracking_offers_parcel;
CREATE UNIQUE INDEX tracking_offers_parcel ON tracking_offers (shop_id, parcel_id, cause);
ALTER TABLE tracking_parcels DROP COLUMN address_key;
ALTER TABLE tracking_goodwill ADD COLUMN claims text NOT NULL DEFAULT 'staff';
ALTER TABLE tracking_goodwill ADD COLUMN claim_hours integer NOT NULL DEFAULT 24;
DROP TABLE tracking_claim_settings;
DROP TABLE tracking_claim_photos;
DROP TABLE tracking_claims;
CREATE TABLE tracking_claims (
    shop_id    integer      NOT NULL,
    id         text        NOT NULL,
    order_id   integer      NOT NULL,
    order_name text        NOT NULL,
    parcel_id  integer      NOT NULL,
    state      text        NOT NULL,
    neighbours boolean     NOT NULL,
    safe_place boolean     NOT NULL,
    note       text        NOT NULL,
    wanted     text        NOT NULL,
    reason     text        NOT NULL,
    offer_id   text        NOT NULL,
    decided_by text        NOT NULL,
    made_at    datetime NOT NULL,
    wait_until datetime NOT NULL,
    decided_at datetime,
    PRIMARY KEY (shop_id, id)
);
CREATE UNIQUE INDEX tracking_claims_parcel ON tracking_claims (shop_id, parcel_id);
CREATE INDEX tracking_claims_newest ON tracking_claims (shop_id, made_at DESC, id DESC);
CREATE INDEX tracking_claims_waiting ON tracking_claims (shop_id, wait_until) WHERE state = 'waiting';
