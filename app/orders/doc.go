// Package orders keeps our copy of each order true, adds it up, and confirms it.
//
// # Words
//
// An order is what somebody bought. A payload is what Shopify tells about it, by
// webhook or when asked; a reading is asked for, and knows more (pictures, who
// paid how much). The document is the newest payload in our own form. Details are
// what only a reading knows. An event is something that happened to the order,
// once. The policy is what the shop promised about returns on the day of purchase.
//
//	            create, updated, a reading …            delete
//	(unknown) ─────────────────────────────▶ known ─────────────▶ deleted
//	    │                                    │  ▲ │                  ▲
//	    │                                    └──┘ └──redact──▶ redacted
//	    └────────────────────── delete ──────────────────────────────┘
//
// # Invariants
//
//   - The document is the newest payload: by Shopify's updated_at, which has whole
//     seconds, then by the moment Shopify sent it, then by its content. Which
//     payloads came first, late or twice changes nothing (TestAnyOrderOfEvents…).
//   - Deleted and redacted are final.
//   - Each event is recorded, and its fact told, once.
//   - An order is confirmed at most once: its id is the once-key of the mail. What
//     the mail says is composed when it is sent; an order cancelled, deleted or
//     without an address by then stops it.
//   - The rows of an order add up to Shopify's own total to the last minor unit, in
//     both currencies. What could not be explained is a row of its own.
//
// # Why not just the webhook
//
// A webhook names neither pictures nor, when a gift card paid a part, how much.
// Then the confirmation waits for one reading, and goes without after three
// attempts. orders/edited carries a difference only, so the order is read. A
// refund may overtake its order and waits for it. What never arrives is found by
// the reconciler: every 15 minutes what changed since the last round, less ten
// minutes of overlap; once a day the last week.
//
// # Why not just the reconciler
//
// What a shop had before us is imported from a file that Shopify writes (a bulk
// operation): see import.go. A batch and the offset behind it are one
// transaction, so an import goes on wherever it stopped. It tells no facts and
// asks for no mails: an order in which something happened since the installation
// is not written but read by itself, and takes the way of all news. Of the same
// change a webhook knows more than the file, and stays. A line that cannot be
// read is parked with its place and the reason. The file does not say which lines
// a refund or a shipment holds; where there is only one answer it is filled in.
//
// # How a confirmation is written
//
// A style (plain, warm, reassuring) is a choice and order of blocks with words of
// its own; a tone says the same politely or not. The design of the shop says
// which: its rules are read from the top, the first whose conditions all hold
// gives the style, or else the default does. The traits that rules ask about are
// gathered when the mail is composed; tags of customers come from a reading,
// which the confirmation then waits for. A design is published only if the linter
// finds in every style, in every language the merchant wrote in, what a
// confirmation owes its reader. It looks for marks in finished mails, so it judges
// blocks and templates alike.
//
// # Why a page is not always drawn
//
// A page that is looked at again within half a minute is kept with the rows it was
// drawn from, whichever room read them; before it is shown again the database tells
// whether all of them are still the same (kept_pages.go). A section that asks more
// than one table in one statement leaves no witness, and the page is drawn each
// time. What a section shows may depend on the rows it reads through its
// transaction, the clock and its PageView, and on nothing else, but for statistics
// that belong to no order: those may be a minute old (store.Unwatched).
//
// # Tables, topics, facts
//
// orders_imports, orders_import_lines, orders, orders_refunds, orders_events, orders_pictures, orders_cursors. Heard:
// orders/create, updated, edited, cancelled, fulfilled, partially_fulfilled,
// delete; refunds/create; the fact shops.installed. Told: orders.placed, updated,
// edited, cancelled, fulfilled, moved, refunded, deleted, each about an order's id.
//
// # Who may look an order up
//
// Whoever names its number and its address gets a link for one use by mail, and
// the same answer as everybody else at once. Ten tries of one order or with one
// address within an hour are compared; what comes after is written down and
// forgotten. A visitor and a shop have limits of their own before that.
//
// # Failure
//
// A payload that is no order is parked with ErrPayload, which names the field and
// never its value. Shopify away: readings are tried again with growing pauses; a
// round of the reconciler that fails is walked again from where it began.
package orders
