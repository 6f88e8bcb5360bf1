// Package offers makes what a confirmation can give besides the facts of its
// order: a code for the next order (the style inviting), and products that go
// well with this one (the style similar).
//
// # Words
//
// A code is a discount at Shopify that can be used once, by the customer it was
// made for where there is one. A pair is two products and the number of orders
// that hold both.
//
// # Guarantees
//
//   - An order gets one code or none. The code is made from the key of its
//     operation, so a repetition meets itself: Shopify says "taken", we look, and
//     it is ours.
//   - A code that goes out in a mail exists. One that could not be made within 45
//     seconds is not made any more, and if Shopify made it late it is ended; the
//     mail waits 60 seconds at most and then goes out in another style. Between
//     the two lies more than any transaction lasts, so no mail misses a code that
//     counts as made.
//   - A month has at most as many codes as the merchant allows, counted by one
//     conditional statement.
//   - The code of an order that is cancelled or deleted before its mail left is
//     ended; one that is in a mail stays good.
//   - Nobody is shown what they are just buying, have bought, or gave back, nor what
//     is hidden, archived or sold out as far as Shopify told: the import tells of
//     every product, webhooks of each change.
//   - Pairs are counted once an order, as orders come and as history is imported;
//     a suggestion reads a few rows of an index, however long the history.
//
// # How products are chosen
//
// The share of orders with product a that also hold b, smoothed by how popular b
// is everywhere (a Dirichlet prior, as in Zhai and Lafferty, "A study of smoothing
// methods for language models", 2001, with 20 pseudo-orders):
//
//	score(b | a) = (orders(a,b) + 20 · orders(b)/orders) / (orders(a) + 20)
//
// With little history the best sellers come first, with much the pairs decide.
// Ties go to the smaller product id. A pair is named as the reason from two
// orders on, so that nobody can read a single person's basket out of a mail.
//
// # Failure
//
// Without the scope write_discounts, with the month used up, or with Shopify away,
// the inviting style gives way and the message says why.
//
// A product that nobody told of leads to the shop's search.
//
// # Tables
//
// offers_codes, offers_months, offers_counted, offers_products, offers_pairs.
package offers
