-- room: changes
-- +goose Up
-- What staff wrote to a shopper who reported a problem: one row for each letter, so
-- that a letter which waits for its mail server says what was meant with it. The
-- last answer stays on the problem, too.
CREATE TABLE changes_problem_answers (
    shop_id     bigint NOT NULL,
    id          text NOT NULL,
    problem_id  text NOT NULL,
    request_id  text NOT NULL,
    text        text NOT NULL,
    answered_by text NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (shop_id, id)
);
CREATE UNIQUE INDEX changes_problem_answers_once ON changes_problem_answers (shop_id, problem_id, request_id);

-- A letter that waits from before was written about the problem's id.
INSERT INTO changes_problem_answers (shop_id, id, problem_id, request_id, text, answered_by, answered_at)
SELECT shop_id, id, id, '', answer, answered_by, COALESCE(answered_at, reported_at) FROM changes_problems WHERE answer <> '';

-- +goose Down
DROP TABLE changes_problem_answers;
