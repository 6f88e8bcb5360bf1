-- room: tracking
-- +goose Up
-- How long parcels took, as counts: what was learnt of a parcel can be taken back,
-- and in which order they came makes no difference. value is days, or pauses in
-- units of six hours; month is that of delivery, so that what is old can be left out.
CREATE TABLE tracking_lanes (
    shop_id     bigint NOT NULL,
    destination text   NOT NULL,
    carrier     text   NOT NULL,
    origin      text   NOT NULL,
    region      text   NOT NULL,
    month       text   NOT NULL,
    measure     text   NOT NULL,
    value       bigint NOT NULL,
    count       bigint NOT NULL,
    PRIMARY KEY (shop_id, destination, carrier, origin, region, month, measure, value)
);
CREATE INDEX tracking_lanes_by_carrier ON tracking_lanes (shop_id, carrier, measure);

-- What a parcel has taught.
CREATE TABLE tracking_lessons (
    shop_id     bigint NOT NULL,
    parcel_id   bigint NOT NULL,
    destination text   NOT NULL,
    carrier     text   NOT NULL,
    origin      text   NOT NULL,
    region      text   NOT NULL,
    month       text   NOT NULL,
    days        bigint NOT NULL,
    pauses      text   NOT NULL,
    PRIMARY KEY (shop_id, parcel_id)
);

-- What was first promised for a parcel, and whether it came true.
CREATE TABLE tracking_promises (
    shop_id        bigint      NOT NULL,
    parcel_id      bigint      NOT NULL,
    destination    text        NOT NULL,
    carrier        text        NOT NULL,
    origin         text        NOT NULL,
    region         text        NOT NULL,
    source         text        NOT NULL,
    expected_from  timestamptz NOT NULL,
    expected_until timestamptz NOT NULL,
    promised_at    timestamptz NOT NULL,
    scored_at      timestamptz,
    kept           boolean     NOT NULL,
    late_days      bigint      NOT NULL,
    PRIMARY KEY (shop_id, parcel_id)
);
CREATE INDEX tracking_promises_scored ON tracking_promises (shop_id, source, destination, carrier, scored_at) WHERE scored_at IS NOT NULL;

-- What the merchant gives for a late parcel. No row: nothing is offered.
CREATE TABLE tracking_goodwill (
    shop_id         bigint      NOT NULL PRIMARY KEY,
    version         bigint      NOT NULL,
    enabled         boolean     NOT NULL,
    currency        text        NOT NULL,
    late_days       bigint      NOT NULL,
    stalled_hours   bigint      NOT NULL,
    valid_days      bigint      NOT NULL,
    wait            boolean     NOT NULL,
    wait_minor      bigint      NOT NULL,
    reship          boolean     NOT NULL,
    refund          boolean     NOT NULL,
    credit          boolean     NOT NULL,
    order_min_minor bigint      NOT NULL,
    order_max_minor bigint      NOT NULL,
    cap_order_minor bigint      NOT NULL,
    cap_month_minor bigint      NOT NULL,
    countries       text        NOT NULL,
    claims          text        NOT NULL,
    claim_hours     bigint      NOT NULL,
    updated_at      timestamptz NOT NULL
);

-- The budget of a month: what is promised or paid. It never exceeds the cap.
CREATE TABLE tracking_budgets (
    shop_id        bigint      NOT NULL,
    month          text        NOT NULL,
    reserved_minor bigint      NOT NULL,
    spent_minor    bigint      NOT NULL,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (shop_id, month)
);

-- An offer to a shopper whose parcel is late or missing: chosen once.
CREATE TABLE tracking_offers (
    shop_id      bigint      NOT NULL,
    id           text        NOT NULL,
    order_id     bigint      NOT NULL,
    order_name   text        NOT NULL,
    parcel_id    bigint      NOT NULL,
    cause        text        NOT NULL,
    state        text        NOT NULL,
    choice       text        NOT NULL,
    choices      text        NOT NULL,
    amount_minor bigint      NOT NULL,
    worth_minor  bigint      NOT NULL,
    wait_minor   bigint      NOT NULL,
    currency     text        NOT NULL,
    budget_month text        NOT NULL,
    operation_id text        NOT NULL,
    reason       text        NOT NULL,
    made_at      timestamptz NOT NULL,
    until_at     timestamptz NOT NULL,
    chosen_at    timestamptz,
    settled_at   timestamptz,
    PRIMARY KEY (shop_id, id)
);
CREATE UNIQUE INDEX tracking_offers_parcel ON tracking_offers (shop_id, parcel_id, cause);
CREATE INDEX tracking_offers_order ON tracking_offers (shop_id, order_id);
CREATE INDEX tracking_offers_newest ON tracking_offers (shop_id, made_at DESC, id DESC);
CREATE INDEX tracking_offers_open ON tracking_offers (shop_id, until_at) WHERE state = 'open';

-- A shopper says that a parcel is not there although it was delivered.
CREATE TABLE tracking_claims (
    shop_id    bigint      NOT NULL,
    id         text        NOT NULL,
    order_id   bigint      NOT NULL,
    order_name text        NOT NULL,
    parcel_id  bigint      NOT NULL,
    state      text        NOT NULL,
    neighbours boolean     NOT NULL,
    safe_place boolean     NOT NULL,
    note       text        NOT NULL,
    wanted     text        NOT NULL,
    reason     text        NOT NULL,
    offer_id   text        NOT NULL,
    decided_by text        NOT NULL,
    made_at    timestamptz NOT NULL,
    wait_until timestamptz NOT NULL,
    decided_at timestamptz,
    PRIMARY KEY (shop_id, id)
);
CREATE UNIQUE INDEX tracking_claims_parcel ON tracking_claims (shop_id, parcel_id);
CREATE INDEX tracking_claims_newest ON tracking_claims (shop_id, made_at DESC, id DESC);
CREATE INDEX tracking_claims_waiting ON tracking_claims (shop_id, wait_until) WHERE state = 'waiting';

-- +goose Down
DROP TABLE tracking_claims;
DROP TABLE tracking_offers;
DROP TABLE tracking_budgets;
DROP TABLE tracking_goodwill;
DROP TABLE tracking_promises;
DROP TABLE tracking_lessons;
DROP TABLE tracking_lanes;
