// Package shops knows who has installed the app and how they want it.
//
// # Words
//
// A shop is installed from the moment we hold a token of it, and uninstalled
// when Shopify says so. Its credential is the token pair, encrypted. Its settings
// are what the merchant chose: sender, brand colour, days for returns; they have
// a version, and saving over somebody else's newer version is refused.
//
//	        token exchange
//	(none) ───────────────▶ installed ──app/uninstalled──▶ uninstalled
//	                           ▲                               │
//	                           └────── token exchange ─────────┘
//
// # Guarantees
//
// Uninstalling drops the tokens in the transaction that marks the shop, and
// tells shops.uninstalled, at which queued mail stops. A webhook of an earlier
// installation that arrives after a reinstall changes nothing. Installing again
// revives the settings. The app asks for a new token only when the one it holds
// is missing, refused, or lacks a scope: an exchange replaces the pair.
//
// # Setting up
//
// From installed to working leads a handful of steps (onboarding.go), each to do,
// done or skipped, in any order. They only say what a person has looked at: no
// step keeps anything from working, and doing the thing elsewhere, say saving the
// settings, does the step. The merchant's goal suggests how to begin.
//
// # Privacy
//
// A request of Shopify's to disclose a person, to forget one or to erase the shop
// is put on record and has a job (privacy.go). The room asks all rooms, which the
// roof hands to it with UseRooms. A disclosure is a file, encrypted, that is kept
// until the merchant has had time to hand it on; an erasure works in a transaction
// for each room, waits for work on the person's orders that is under way, and may
// run twice. A shop is erased only while it is uninstalled, in one transaction
// that an installation waits for. Reading says which staff member reads whose
// data before the reading is answered; nobody changes that log.
//
// # Mail
//
// A shop's mails leave through the installation's mail server or its own (mail.go).
// The password is encrypted, never answered, and stays with the server and the user
// it was entered for; when no key opens it any more, the mails wait. A server that
// refuses us is paused, with the reason. What the DNS says of the sender's domain
// is kept until the sender changes, and looked at again every day.
//
// # Staff
//
// Whoever uses the app is on record with a role (permission.go, staff.go). Every
// admin route names the permission it needs; the role is read for each request.
// A shop never loses its last owner, and whom it belongs to in Shopify is one.
//
// # Restored backups
//
// Each erasure is a line in a file outside of the database, without a name. A
// process that starts on a database which never heard of a line erases again
// (redaction.go).
//
// Owns shops, shops_tokens, shops_settings, shops_onboarding,
// shops_privacy_requests, shops_privacy_files, shops_access_log, shops_erasures,
// shops_staff, shops_redactions, shops_mail. Tells shops.installed,
// shops.uninstalled, shops.mail_changed.
package shops
