// Package shopify is the only door to Shopify, in both directions. It knows no
// room and no commerce of ours.
//
// Words
//
//	Domain     the permanent name of a shop, lumen.myshopify.com, in one strict
//	           form. Nothing in this program dials or trusts a shop name that
//	           did not pass ParseDomain.
//	Secrets    the app's client secret and, while it is rotated, the one before.
//	App        who we are at Shopify: key, secrets, address, scopes; it builds
//	           the OAuth addresses and fetches tokens.
//	Credential the token pair of one shop: an access token for an hour and a
//	           refresh token for ninety days.
//	Source     hands out access tokens that are valid for the next minutes.
//	Client     one job's conversation with one shop's Admin API.
//	Operation  one call that moves value or creates something, a row before it is
//	           made; the Operator carries it out.
//	Keyring    encrypts what must not lie readable in the database.
//
// Guarantees
//
//   - Every signature (webhook, app proxy, OAuth callback, session token) is
//     compared in constant time, against the current and the previous secret,
//     and an empty secret cannot exist.
//   - The answer to a bad signature says nothing about why.
//   - A request leaves for https://<Domain> only, never follows a redirect, and
//     its answer is read up to a limit.
//   - Access tokens are refreshed by one caller at a time per shop; a pair is
//     stored before it is used, and the pair before it is kept until the new one
//     has worked.
//   - A mutation is sent again only when Shopify has said that it did not run
//     it, or when its document is marked safe.
//   - An operation has its effect once: it is on record as sent before the call
//     leaves, read back before it is repeated, and repeated under the same key.
//     One is live for each thing, and one at a time runs on an order.
//
// # Failure
//
// Shopify away is problem.Unavailable, Shopify's throttle beyond what we want to
// wait is problem.Throttled with RetryAfter; a shop that must sign in again is
// ErrNeedsReauth; everything refused for good is problem.Invalid with the reason
// Shopify gave.
package shopify
