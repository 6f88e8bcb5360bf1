// Package shopsim is a simulated Shopify: the one thing in the demo and in the
// tests that is not real. It is therefore stricter than the real one wherever
// the two could differ, and never laxer.
//
// # Words
//
// A Sim holds shops; a Shop has products, customers, orders. A Checkout becomes
// an Order. A Delivery is one webhook on its way. A fault is trouble made on
// purpose. The ledger lists everything of value that a shop gave out or took
// in, and is the oracle for "nothing twice".
//
// # Guarantees
//
//   - Every change is one line of a journal that is synced before anybody is told
//     of it. After a kill everything answered for is there, undelivered webhooks
//     too. A line cut off at the end never happened; any other damage is an error.
//   - Money is integer minor units in two currencies, each adding up by itself.
//   - Every Admin API document is validated against the published 2026-10 schema
//     and checked for the access each type and field requires. What is not
//     simulated is an error that names it, never a null.
//   - Webhooks carry Shopify's headers and signature, are tried nine times within
//     four hours, and keep their ids and payload over retries and repetitions. No
//     order is promised.
//   - Offline tokens live an hour and rotate; an uninstalled shop has none.
//   - Objects handed out are immutable; all methods are safe for concurrent use.
//
// # Failure
//
// Bad input to a method is a *Refusal naming the field; over HTTP it is a
// problem document under /sim/api and Shopify's own shapes elsewhere. A failing
// disk fails every later change.
//
// # Files
//
// model checkout pricing place pay fulfil refunds edits (what a shop does), store
// journal (how it is kept), payload announce courier (webhooks), sign oauth proxy
// (identity), graphql gql_* schema/ buckets (Admin API), simapi* faults (the
// simulation's own endpoints), seed people (the demo store), ui_* assets/ (what
// people see).
package shopsim
