-- room: queue
-- +goose Up
-- A job's lane is what it waits for. Each lane is filled on its own, so that
-- thousands of one kind keep no other waiting.
ALTER TABLE queue_jobs ADD COLUMN lane text NOT NULL DEFAULT 'store';
DROP INDEX queue_jobs_ready;
CREATE INDEX queue_jobs_ready ON queue_jobs (lane, run_at) WHERE state = 'ready';
-- Counts of what is not done must not read what is.
DROP INDEX queue_jobs_parked;
CREATE INDEX queue_jobs_open ON queue_jobs (shop_id, kind, state, id) WHERE state IN ('ready', 'queued', 'running', 'parked');

-- +goose Down
DROP INDEX queue_jobs_open;
CREATE INDEX queue_jobs_parked ON queue_jobs (shop_id, kind, id) WHERE state = 'parked';
DROP INDEX queue_jobs_ready;
CREATE INDEX queue_jobs_ready ON queue_jobs (run_at) WHERE state = 'ready';
ALTER TABLE queue_jobs DROP COLUMN lane;
