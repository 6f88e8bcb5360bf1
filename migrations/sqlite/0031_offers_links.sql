-- room: offers
-- +goose Up
-- Where a product can be bought: NULL is unknown, '' is nowhere now.
ALTER TABLE offers_products ADD COLUMN url text;
-- As of when the product was told of; an older telling changes nothing.
ALTER TABLE offers_products ADD COLUMN told_at datetime;

-- +goose Down
ALTER TABLE offers_products DROP COLUMN told_at;
ALTER TABLE offers_products DROP COLUMN url;
