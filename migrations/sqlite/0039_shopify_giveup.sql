-- room: shopify
-- +goose Up
-- Attempts that Shopify throttled were never made and do not count. An operation in
-- doubt waits for staff to say what happened. What they said when they gave one up,
-- who did, and why.
ALTER TABLE shopify_operations ADD COLUMN throttled integer NOT NULL DEFAULT 0;
ALTER TABLE shopify_operations ADD COLUMN in_doubt boolean NOT NULL DEFAULT false;
ALTER TABLE shopify_operations ADD COLUMN given_up text NOT NULL DEFAULT '';
ALTER TABLE shopify_operations ADD COLUMN given_up_by text NOT NULL DEFAULT '';
ALTER TABLE shopify_operations ADD COLUMN given_up_note text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE shopify_operations DROP COLUMN given_up_note;
ALTER TABLE shopify_operations DROP COLUMN given_up_by;
ALTER TABLE shopify_operations DROP COLUMN given_up;
ALTER TABLE shopify_operations DROP COLUMN in_doubt;
ALTER TABLE shopify_operations DROP COLUMN throttled;
