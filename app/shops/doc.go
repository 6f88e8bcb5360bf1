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
// Owns shops, shops_tokens, shops_settings, shops_privacy_requests. Tells
// shops.installed, shops.uninstalled.
package shops
