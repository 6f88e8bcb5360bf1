-- room: orders
-- +goose Up
-- How often an order was looked up of late is counted before the next try is compared.
CREATE INDEX orders_lookups_name ON orders_lookups (shop_id, name_key, created_at);

-- +goose Down
DROP INDEX orders_lookups_name;
