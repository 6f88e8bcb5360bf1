-- room: messages
-- +goose Up
-- Who took an address off the suppression list, when and why. An address that is
-- put on it again is on it again.
ALTER TABLE messages_suppressions ADD COLUMN lifted_at timestamptz;
ALTER TABLE messages_suppressions ADD COLUMN lifted_reason text NOT NULL DEFAULT '';
ALTER TABLE messages_suppressions ADD COLUMN lifted_by text NOT NULL DEFAULT '';

-- +goose Down
DELETE FROM messages_suppressions WHERE lifted_at IS NOT NULL;
ALTER TABLE messages_suppressions DROP COLUMN lifted_by;
ALTER TABLE messages_suppressions DROP COLUMN lifted_reason;
ALTER TABLE messages_suppressions DROP COLUMN lifted_at;
