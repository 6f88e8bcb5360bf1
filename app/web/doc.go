// Package web serves HTTP. It knows no commerce: rooms hang their routes into
// groups, and what every route needs is done here, once.
//
// Words
//
//	Engine  all routes of the program, each with its Auth, body cap and name.
//	Group   the routes of one entrance (admin API, shopper pages, proxy).
//	Auth    how a request proves who it is: Public, Session, Proxy, Link, Webhook.
//	Ctx     one request; Shop(c) and Staff(c) say who it is.
//	Link    a signed address in a mail; Links makes and reads them.
//	Document the admin's page inside Shopify's frame.
//
// Guarantees
//
//   - A route without an Auth cannot be registered, and Routes lists them all,
//     so a test can walk them.
//   - The shop comes from a verified credential. There is no way to ask Ctx for
//     a shop that came out of a path, a query, a header or a body.
//   - Bodies are read up to the route's cap; JSON with unknown, repeated or
//     trailing parts is refused.
//   - Every answer carries nosniff, a referrer policy and a Content-Security-Policy
//     whose frame-ancestors is the verified shop for its admin page and 'none'
//     everywhere else.
//   - Logs hold route templates, never addresses with queries; values that look
//     like tokens or personal data are masked on the way out.
//   - Client addresses are the connection's own unless trusted proxies are named.
//
// # Failure
//
// A handler returns an error; Fail turns its problem into a status and an
// application/problem+json body. What nobody gave words to is 500 with one fixed
// sentence, and the cause stands in the log beside the request id. A panic is
// the same.
package web
