-- room: orders
-- +goose Up
-- A shopper who asks for their order by its number and their e-mail address. The
-- row is written whether or not there is such an order, so that the answer and
-- its time tell nothing; it lives for a day. order_id is what was found, used_at
-- when the link in the mail was opened, which it can be once.
CREATE TABLE orders_lookups (
    shop_id    integer NOT NULL,
    id         text NOT NULL,
    name_key   text NOT NULL,
    email_key  text NOT NULL,
    locale     text NOT NULL,
    order_id   integer NOT NULL,
    expires_at datetime,
    used_at    datetime,
    created_at datetime NOT NULL,
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX orders_lookups_age ON orders_lookups (shop_id, created_at);
CREATE INDEX orders_lookups_order ON orders_lookups (shop_id, order_id);
CREATE INDEX orders_lookups_email ON orders_lookups (shop_id, email_key);

-- +goose Down
DROP TABLE orders_lookups;
