// Package changes lets a shopper change an order before it is sent: cancel it,
// correct the address, take another variant, another quantity, or an item out. What
// is allowed is done at once, not requested.
//
// # Words
//
// A wish is what somebody wants changed. A change is a wish on record and what
// became of it. The gate is how the order stands in Shopify at this moment. A hold
// stops the warehouse while we work; ours bear the change's id as their handle. To
// settle is to give back what was paid too much, or to ask for what is missing.
//
//	asked ─▶ holding ─▶ acting ─▶ settling ─▶ done
//	                       └────▶ paying ────▶ done, or taken back: refused (unpaid, taken_back)
//	  └─────────┴──────────┴────▶ refused (reason)
//	                                └───────▶ parked: waits for a person, who has it tried again or gives it up
//
// # Guarantees
//
//   - A wish is decided by the policy of the day of purchase, in the transaction
//     that writes it, and by the gate in the very attempt that acts. Either the order
//     is changed before it is sent, or the change is refused with its reason
//     (TestAChangeAndAFulfillmentRace).
//   - One change of an order at a time; the same form sent twice is one change. What
//     is asked of Shopify is an operation, and its answer, when lost, is read back: a
//     cancellation by the order's cancelledAt, an address and items by comparing
//     them. Money goes back under the operation's id as key.
//   - Where several calls are needed the warehouse is held first and the gate is read
//     again. A cancellation is one call that Shopify itself refuses once something was
//     sent, so it needs no hold.
//   - What is sent stays, and so does the last item; nobody gets more than is in stock
//     or than the settings allow (TestWhatCannotBe).
//   - What costs more is paid before it is sent, or taken back (TestPayments).
//   - A hold of ours is released when its change ends, and by the janitor when the
//     change is stuck for longer than the settings allow. Others' holds are never
//     touched.
//   - The shopper is told the outcome once, by mail and on the order's page.
//
// # Money
//
// What an item costs more or less is worked out by Shopify before anything is
// saved; the shopper sees it before they confirm, and an edit that would come to
// another sum is not saved. Less than was paid is given back over the payments it
// came from, or as store credit if the shopper chose so. More is asked for with
// Shopify's own payment page, on the order's page and in the mail; until then the
// hold stays. After the settings' time the change is taken back in one edit; where
// that cannot be, the order goes on and the first screen says that money is due.
// A cancellation's receipt waits for its refund, for an hour at most.
//
// # Tables, facts
//
// changes_changes and changes_settings. The address that was wished for is kept
// only until the change ends. Told: changes.done, about the change's id. Nothing is heard.
//
// # Failure
//
// Shopify away: the operation is tried again for hours and then parked; a person
// finds it among the operations and the order says that a change is under way.
// Access not granted: no change is offered.
package changes
