-- room: changes
-- +goose Up
-- A declaration of withdrawal from a contract (Directive 2011/83/EU, Article 11a),
-- as it was typed. The row is written before anything is looked up, so that the
-- answer tells nothing of orders; what it means is decided afterwards. Its id comes
-- with the form, so that sending the form twice declares once.
CREATE TABLE changes_withdrawals (
    shop_id        integer NOT NULL,
    id             text NOT NULL,
    typed_order    text NOT NULL,
    name           text NOT NULL,
    email          text NOT NULL,
    email_key      text NOT NULL,
    typed_items    text NOT NULL,
    lines          text NOT NULL,
    locale         text NOT NULL,
    order_id       integer NOT NULL,
    order_name     text NOT NULL,
    state          text NOT NULL,
    finding        text NOT NULL,
    findings       text NOT NULL,
    last_day       text NOT NULL,
    policy_version integer NOT NULL,
    accepted       boolean NOT NULL,
    answer         text NOT NULL,
    answered_by    text NOT NULL,
    refund_due     datetime NOT NULL,
    received_at    datetime NOT NULL,
    matched_at     datetime,
    answered_at    datetime,
    refunded_at    datetime,
    erased_at      datetime,
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX changes_withdrawals_newest ON changes_withdrawals (shop_id, received_at DESC, id DESC);
CREATE INDEX changes_withdrawals_order ON changes_withdrawals (shop_id, order_id);
CREATE INDEX changes_withdrawals_email ON changes_withdrawals (shop_id, email_key);
CREATE INDEX changes_withdrawals_due ON changes_withdrawals (shop_id, refund_due) WHERE refunded_at IS NULL;

-- A problem that a shopper reports from the order's page.
CREATE TABLE changes_problems (
    shop_id        integer NOT NULL,
    id             text NOT NULL,
    order_id       integer NOT NULL,
    order_name     text NOT NULL,
    kind           text NOT NULL,
    items          text NOT NULL,
    description    text NOT NULL,
    locale         text NOT NULL,
    state          text NOT NULL,
    proposal       text NOT NULL,
    allowed        boolean NOT NULL,
    reason         text NOT NULL,
    policy_version integer NOT NULL,
    photos         integer NOT NULL,
    answer         text NOT NULL,
    answered_by    text NOT NULL,
    reported_at    datetime NOT NULL,
    answered_at    datetime,
    closed_at      datetime,
    erased_at      datetime,
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX changes_problems_newest ON changes_problems (shop_id, reported_at DESC, id DESC);
CREATE INDEX changes_problems_order ON changes_problems (shop_id, order_id);

-- The photos of a problem, drawn anew: a JPEG of ours, never the file that came.
CREATE TABLE changes_photos (
    shop_id    integer NOT NULL,
    id         text NOT NULL,
    problem_id text NOT NULL,
    position   integer NOT NULL,
    picture    blob NOT NULL,
    width      integer NOT NULL,
    height     integer NOT NULL,
    created_at datetime NOT NULL,
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX changes_photos_problem ON changes_photos (shop_id, problem_id, position);
CREATE INDEX changes_photos_age ON changes_photos (created_at);

-- +goose Down
DROP TABLE changes_photos;
DROP TABLE changes_problems;
DROP TABLE changes_withdrawals;
