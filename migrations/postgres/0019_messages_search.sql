-- room: messages
-- +goose Up
-- Searching by the beginning of an address, or by an order, walks an index; so
-- does looking up the newest message about an order.
ALTER TABLE messages ALTER COLUMN to_address TYPE text COLLATE "C";
CREATE INDEX messages_order_name ON messages (shop_id, order_name) WHERE order_name <> '';
DROP INDEX messages_order;
CREATE INDEX messages_order ON messages (shop_id, order_id, id) WHERE order_id <> 0;

-- room: shopify
CREATE INDEX shopify_inbox_done ON shopify_inbox (shop_id, id) WHERE state = 'done';

-- +goose Down
DROP INDEX shopify_inbox_done;
DROP INDEX messages_order;
CREATE INDEX messages_order ON messages (shop_id, order_id) WHERE order_id <> 0;
DROP INDEX messages_order_name;
ALTER TABLE messages ALTER COLUMN to_address TYPE text COLLATE "default";
