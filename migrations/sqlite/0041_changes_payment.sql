-- room: changes
-- +goose Up
-- A change that costs more waits for its payment, with the warehouse held. Staff may
-- ask for changes, too: with a note, and without a mail to the shopper.
ALTER TABLE changes_changes ADD COLUMN pay_until datetime;
ALTER TABLE changes_changes ADD COLUMN reminded_at datetime;
ALTER TABLE changes_changes ADD COLUMN quiet boolean NOT NULL DEFAULT FALSE;
ALTER TABLE changes_changes ADD COLUMN overridden boolean NOT NULL DEFAULT FALSE;
ALTER TABLE changes_changes ADD COLUMN staff_note text NOT NULL DEFAULT '';
ALTER TABLE changes_settings ADD COLUMN quantity_most integer NOT NULL DEFAULT 20;
ALTER TABLE changes_settings ADD COLUMN pay_hours integer NOT NULL DEFAULT 48;
DROP INDEX changes_changes_live;
CREATE UNIQUE INDEX changes_changes_live ON changes_changes (shop_id, order_id) WHERE state IN ('asked', 'holding', 'acting', 'settling', 'paying', 'parked');
CREATE INDEX changes_changes_paying ON changes_changes (shop_id, pay_until) WHERE state = 'paying';

-- +goose Down
DROP INDEX changes_changes_paying;
DROP INDEX changes_changes_live;
CREATE UNIQUE INDEX changes_changes_live ON changes_changes (shop_id, order_id) WHERE state IN ('asked', 'holding', 'acting', 'settling', 'parked');
ALTER TABLE changes_settings DROP COLUMN pay_hours;
ALTER TABLE changes_settings DROP COLUMN quantity_most;
ALTER TABLE changes_changes DROP COLUMN staff_note;
ALTER TABLE changes_changes DROP COLUMN overridden;
ALTER TABLE changes_changes DROP COLUMN quiet;
ALTER TABLE changes_changes DROP COLUMN reminded_at;
ALTER TABLE changes_changes DROP COLUMN pay_until;
