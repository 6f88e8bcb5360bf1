-- room: messages
-- +goose Up
-- Which of our mails a shopper wants, as they chose on the page of an order.
CREATE TABLE messages_dials (
    shop_id   integer  NOT NULL,
    address   text     NOT NULL,
    level     text     NOT NULL,
    chosen_at datetime NOT NULL,
    PRIMARY KEY (shop_id, address)
);

-- +goose Down
DROP TABLE messages_dials;
