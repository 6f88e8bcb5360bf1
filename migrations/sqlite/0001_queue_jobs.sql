-- room: queue
-- +goose Up
-- Work that must happen. A row is written in the transaction that caused it and
-- is the only proof that it was done; Redis holds mere copies of its id.
CREATE TABLE queue_jobs (
    id         text        NOT NULL PRIMARY KEY,
    shop_id    integer     NOT NULL,
    kind       text        NOT NULL,
    ref        text        NOT NULL,
    once       text,
    state      text        NOT NULL,
    epoch      integer     NOT NULL DEFAULT 0,
    attempts   integer     NOT NULL DEFAULT 0,
    reason     text        NOT NULL DEFAULT '',
    run_at     datetime    NOT NULL,
    lease_at   datetime,
    created_at datetime    NOT NULL,
    started_at datetime,
    done_at    datetime   
);
CREATE UNIQUE INDEX queue_jobs_once ON queue_jobs (shop_id, kind, once) WHERE once IS NOT NULL;
CREATE INDEX queue_jobs_ready ON queue_jobs (run_at) WHERE state = 'ready';
CREATE INDEX queue_jobs_leased ON queue_jobs (lease_at) WHERE state IN ('queued', 'running');
CREATE INDEX queue_jobs_parked ON queue_jobs (shop_id, kind, id) WHERE state = 'parked';
CREATE INDEX queue_jobs_ref ON queue_jobs (shop_id, ref);
CREATE INDEX queue_jobs_done ON queue_jobs (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE queue_schedules (
    name    text        NOT NULL PRIMARY KEY,
    next_at datetime    NOT NULL
);

-- +goose Down
DROP TABLE queue_schedules;
DROP TABLE queue_jobs;
