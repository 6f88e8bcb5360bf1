-- room: shopify
-- +goose Up
-- Counting, listing and erasing what still waits must not read what is done.
CREATE INDEX shopify_inbox_open ON shopify_inbox (shop_id, state, id) WHERE state IN ('new', 'queued');

-- +goose Down
DROP INDEX shopify_inbox_open;
