-- room: shops
-- +goose Up
-- What became of a request: who is asked about a done one must be able to say.
ALTER TABLE shops_privacy_requests ADD COLUMN outcome text NOT NULL DEFAULT '';
CREATE INDEX shops_privacy_requests_newest ON shops_privacy_requests (shop_id, id);

-- The answer to a request for disclosure, encrypted, until the merchant has had
-- time to hand it on.
CREATE TABLE shops_privacy_files (
    shop_id       bigint      NOT NULL,
    request_id    text        NOT NULL,
    sealed        text        NOT NULL,
    created_at    timestamptz NOT NULL,
    downloaded_at timestamptz,
    expires_at    timestamptz NOT NULL,
    PRIMARY KEY (shop_id, request_id)
);
CREATE INDEX shops_privacy_files_expired ON shops_privacy_files (expires_at);

-- Which staff member read whose data, and when. Only ever appended to.
CREATE TABLE shops_access_log (
    id       text        NOT NULL PRIMARY KEY,
    shop_id  bigint      NOT NULL,
    at       timestamptz NOT NULL,
    staff_id text        NOT NULL,
    route    text        NOT NULL,
    subject  text        NOT NULL
);
CREATE INDEX shops_access_log_newest ON shops_access_log (shop_id, id);
CREATE INDEX shops_access_log_at ON shops_access_log (at);
-- +goose StatementBegin
CREATE FUNCTION shops_access_log_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the access log is only appended to';
END $$;
-- +goose StatementEnd
CREATE TRIGGER shops_access_log_stays BEFORE UPDATE ON shops_access_log FOR EACH ROW EXECUTE FUNCTION shops_access_log_stays();

-- That a shop was erased, without saying which: the domain is hashed, and there
-- is no shop_id that erasing the shop would find.
CREATE TABLE shops_erasures (
    id          text        NOT NULL PRIMARY KEY,
    domain_hash text        NOT NULL,
    received_at timestamptz NOT NULL,
    erased_at   timestamptz NOT NULL,
    erased_rows bigint      NOT NULL
);

-- +goose Down
DROP TABLE shops_erasures;
DROP TABLE shops_access_log;
DROP FUNCTION shops_access_log_stays;
DROP TABLE shops_privacy_files;
DROP INDEX shops_privacy_requests_newest;
ALTER TABLE shops_privacy_requests DROP COLUMN outcome;
