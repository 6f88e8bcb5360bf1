// Package messages decides whether we may write to somebody, writes, and knows
// what became of it.
//
// # Words
//
// A message is one mail to one person about one thing. Its kind belongs to the
// room that sends it ("orders.confirmation"). Its once-key makes it unique in the
// shop: a second request with the same key is the first one. A resend is a
// message of its own that names the one it repeats. A suppression is an address
// we no longer write to. A dial is which mails a shopper wants, by how important they
// are: what belongs to the purchase, to the law or to what they asked for is always
// sent; a sample is, too.
//
//	waiting ──▶ sent
//	   │  ├───▶ stopped      the thing changed: cancelled, switched off, uninstalled
//	   │  ├───▶ suppressed   the address does not want mail, or does not exist
//	   │  └───▶ failed       tried until there was no point any more
//	   └──▶ sending ─────▶   (marketing only: on record before it is tried)
//
// # Guarantees
//
// Send writes the message and its job in the caller's transaction. What the mail
// says, whether it may go and to whom is decided when it is sent, not when it was
// asked for. Transactional mails are sent at least once: when the answer of the
// mail server is lost, the same mail with the same Message-ID is tried again, and
// every provider and mailbox can tell the two are one. Marketing mails are sent
// at most once: an unknown outcome is final.
//
// # Designs
//
// A design is how the merchant wants a kind of mail to be written: a document
// whose meaning is the business of the kind's room. The draft has a revision, so
// that two who edit it find out; what was published is never changed, and rolling
// back publishes an old document again. A letter may carry the merchant's own
// template and words. When those fail while a mail is sent, the shopper gets our
// form of it all the same; the message keeps the reason (fallback), as it keeps
// which variant it is and who chose that.
//
// # What holds a mail up
//
// A shop's limits give each mail its turn (wait.go). A shop's own mail server that
// will not have us pauses the shop: its mails wait, cost no attempt, and go when
// the settings are saved, a test succeeds, or one of the attempts that are made
// every quarter of an hour gets through. When the installation's server will not
// have us, each mail waits for the operator and the merchant sees it at once. A
// delivery that was given up is failed, with the reason, and may be tried again by
// hand.
//
// # What comes back
//
// Reports of providers and mailboxes (feedback.go, report.go) come to a secret
// address of the shop. One counts once, for the mail it names and its recipient,
// and for nothing else. A hard bounce or a complaint suppresses the address, an
// unsubscription the marketing mails to it. Taking an address off the list needs a
// reason; that, and who did, stays for a year. Whoever is erased stays on the list
// as a keyed hash. Opening the page to unsubscribe changes nothing, its button
// works without a cookie and may be pressed twice.
//
// Owns messages, messages_history, messages_suppressions, messages_designs,
// messages_pace, messages_feedback, messages_dials. Hears shops.uninstalled and shops.mail_changed.
// Text and HTML of a mail are kept 60 days, reports 180.
package messages
