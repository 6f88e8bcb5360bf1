-- room: tracking
-- +goose Up
-- What came with the shop's history teaches its lanes without a parcel's row, so a
-- lesson names its order itself. 0: the parcel's row does.
ALTER TABLE tracking_lessons ADD COLUMN order_id integer NOT NULL DEFAULT 0;
CREATE INDEX tracking_lessons_order ON tracking_lessons (shop_id, order_id);
-- When Shopify says that the parcel arrived, which is not when that was last changed.
ALTER TABLE tracking_parcels ADD COLUMN delivered_told_at datetime;

-- +goose Down
ALTER TABLE tracking_parcels DROP COLUMN delivered_told_at;
DROP INDEX tracking_lessons_order;
ALTER TABLE tracking_lessons DROP COLUMN order_id;
