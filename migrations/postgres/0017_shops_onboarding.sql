-- room: shops
-- +goose Up
-- How far the merchant is with setting the app up: a row for each step that is
-- done or was skipped. choice is the goal, of the step that asks for it.
CREATE TABLE shops_onboarding (
    shop_id    bigint      NOT NULL,
    step       text        NOT NULL,
    state      text        NOT NULL,
    choice     text        NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (shop_id, step)
);

-- A shop whose settings were saved before there were steps is set up: nobody asks it again.
INSERT INTO shops_onboarding (shop_id, step, state, choice, changed_at)
SELECT s.shop_id, t.step, t.state, '', s.updated_at
FROM shops_settings s
CROSS JOIN (
    SELECT 'goal' AS step, 'skipped' AS state
    UNION ALL SELECT 'sender', 'done'
    UNION ALL SELECT 'brand', 'done'
    UNION ALL SELECT 'style', 'skipped'
    UNION ALL SELECT 'policy', 'done'
    UNION ALL SELECT 'import', 'skipped'
    UNION ALL SELECT 'try', 'skipped'
) t
WHERE s.version > 1;

-- +goose Down
DROP TABLE shops_onboarding;
