// Package customers keeps our copy of a shop's customers true.
//
// # Words
//
// A customer is somebody with an account at the shop; who buys without one is a
// guest and only stands on the order. To anonymise is to empty the row of the
// person and keep its number; a deleted customer is anonymised, and so is one
// whom Shopify asked us to redact.
//
//	(unknown) ──create, update──▶ known ──delete──▶ deleted
//	                                │
//	                                └────redact───▶ redacted
//
// # Invariants
//
//   - The row shows the newest payload, by Shopify's updated_at, then by the
//     moment Shopify sent it; the order in which payloads came, and how often,
//     changes nothing.
//   - Deleted and redacted are final: no late payload brings a person back.
//
// # Tables, topics
//
// customers. Heard: customers/create, customers/update, customers/delete.
//
// # Failure
//
// A payload without an id is parked with ErrPayload. Everything else in it may
// be missing or null.
package customers
