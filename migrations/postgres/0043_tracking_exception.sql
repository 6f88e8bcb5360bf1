-- room: tracking
-- +goose Up
-- Whether shoppers are told that a parcel could not be delivered.
ALTER TABLE tracking_settings ADD COLUMN exception boolean NOT NULL DEFAULT TRUE;

-- +goose Down
ALTER TABLE tracking_settings DROP COLUMN exception;
