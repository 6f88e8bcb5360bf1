-- room: shops
-- +goose Up
-- When the merchant granted what stands in scopes: events arrive late, and an older
-- one must not take back what a newer one gave.
ALTER TABLE shops ADD COLUMN scopes_at timestamptz;

-- +goose Down
ALTER TABLE shops DROP COLUMN scopes_at;
