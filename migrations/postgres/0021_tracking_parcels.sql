-- room: tracking
-- +goose Up
-- A parcel is a fulfillment of Shopify's. A scan may come before its parcel is
-- known: then the row stands with known = false until the rest is told.
CREATE TABLE tracking_parcels (
    shop_id             bigint      NOT NULL,
    id                  bigint      NOT NULL,
    order_id            bigint      NOT NULL,
    order_name          text        NOT NULL,
    name                text        NOT NULL,
    known               boolean     NOT NULL,
    status              text        NOT NULL,
    shipment_status     text        NOT NULL,
    state               text        NOT NULL,
    state_at            timestamptz NOT NULL,
    under_way           boolean     NOT NULL,
    carrier             text        NOT NULL,
    carrier_name        text        NOT NULL,
    tracking_number     text        NOT NULL,
    tracking_url        text        NOT NULL,
    items               text        NOT NULL,
    items_count         bigint      NOT NULL,
    origin_country      text        NOT NULL,
    destination_country text        NOT NULL,
    destination_region  text        NOT NULL,
    shipped_at          timestamptz NOT NULL,
    first_scan_at       timestamptz,
    last_scan_at        timestamptz,
    out_at              timestamptz,
    delivered_at        timestamptz,
    transit_hours       bigint,
    estimated_at        timestamptz,
    expected_from       timestamptz,
    expected_until      timestamptz,
    expected_source     text        NOT NULL,
    expected_share      bigint      NOT NULL,
    stalled_at          timestamptz,
    told                text        NOT NULL,
    digest              text        NOT NULL,
    source_updated_at   timestamptz NOT NULL,
    source_triggered_at timestamptz NOT NULL,
    first_seen_at       timestamptz NOT NULL,
    compared_at         timestamptz NOT NULL,
    erased_at           timestamptz,
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX tracking_parcels_order ON tracking_parcels (shop_id, order_id);
CREATE INDEX tracking_parcels_newest ON tracking_parcels (shop_id, shipped_at DESC, id DESC) WHERE known;
CREATE INDEX tracking_parcels_by_state ON tracking_parcels (shop_id, state, shipped_at DESC, id DESC) WHERE known;
CREATE INDEX tracking_parcels_expected ON tracking_parcels (shop_id, expected_until) WHERE known AND under_way;
CREATE INDEX tracking_parcels_stalled ON tracking_parcels (shop_id, stalled_at) WHERE known AND under_way AND stalled_at IS NOT NULL;
CREATE INDEX tracking_parcels_compared ON tracking_parcels (shop_id, compared_at) WHERE under_way;
CREATE INDEX tracking_parcels_lanes ON tracking_parcels (shop_id, delivered_at, carrier, destination_country, transit_hours) WHERE delivered_at IS NOT NULL;
CREATE INDEX tracking_parcels_number ON tracking_parcels (shop_id, tracking_number) WHERE tracking_number <> '';

-- What a carrier told, once each. A scan that was taken back stays as a row, so
-- that its late arrival does not bring it back.
CREATE TABLE tracking_scans (
    shop_id      bigint      NOT NULL,
    id           bigint      NOT NULL,
    parcel_id    bigint      NOT NULL,
    status       text        NOT NULL,
    message      text        NOT NULL,
    city         text        NOT NULL,
    province     text        NOT NULL,
    country      text        NOT NULL,
    zip          text        NOT NULL,
    zone         text        NOT NULL,
    happened_at  timestamptz NOT NULL,
    estimated_at timestamptz,
    updated_at   timestamptz NOT NULL,
    seen_at      timestamptz NOT NULL,
    deleted_at   timestamptz,
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX tracking_scans_parcel ON tracking_scans (shop_id, parcel_id, happened_at);

-- Which mails about parcels the merchant wants sent. No row: all of them.
CREATE TABLE tracking_settings (
    shop_id          bigint      NOT NULL PRIMARY KEY,
    version          bigint      NOT NULL,
    shipped          boolean     NOT NULL,
    out_for_delivery boolean     NOT NULL,
    delivered        boolean     NOT NULL,
    delayed          boolean     NOT NULL,
    updated_at       timestamptz NOT NULL
);

-- +goose Down
DROP TABLE tracking_settings;
DROP TABLE tracking_scans;
DROP TABLE tracking_parcels;
