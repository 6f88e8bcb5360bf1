// Package changes takes what shoppers want changed about an order they placed.
//
// # Requests
//
// A withdrawal is a shopper's declaration to withdraw from the contract
// (Directive 2011/83/EU, Article 11a as added by 2023/2673). Guests declare it on
// the shop's own domain, holders of an order's link on the order's page. A problem
// is what a shopper reports as wrong with an order, with photos.
//
//	withdrawal: received ─▶ matched ─▶ answered     (and refunded, whenever that is)
//	               └─▶ dismissed: it concerns no order of the shop
//	problem:    open ─▶ answered ─▶ closed, and back to open
//
// The finding of a withdrawal is what it comes to by the policy of the day of
// purchase, as of the moment it was received: in_time, late, exempt, partly (some
// items of it), nothing (there is nothing left to withdraw from). The proposal of
// a problem is what the kind and the policy suggest: replace, reship,
// return_refund, return, look.
//
// # Invariants of requests
//
//   - Who declares learns nothing of any order: the answer is the same for every
//     order number, and whether it fits one is found out afterwards, in a job.
//   - A declaration is never lost and never doubled. The row, the job and the
//     receipt by mail are one transaction, and the id comes with the form: the
//     form sent again shows the same receipt. A form that is too old is shown again
//     with all that was typed.
//   - Exemptions and terms are judged after the receipt. A last day that falls on a
//     weekend ends with the next Monday, and no policy shortens fourteen days.
//   - A withdrawal is answered once. Its refund is due fourteen days after receipt.
//   - A problem may be answered more than once; each letter says what was written for
//     it, however long it waits, and the same request answers once.
//   - Of a photo only pixels are kept, in a JPEG of our own making; the file that
//     came, its name and its metadata are gone when the request ends. See photo.Redraw.
//   - Photos are shown to staff with a session and to holders of the order's link,
//     as attachments, in a sandbox.
//
// # Tables and facts of requests
//
// changes_withdrawals, changes_problems, changes_problem_answers, changes_photos. Heard: orders.refunded.
// Told: changes.withdrawal_received and changes.problem_reported, about the row's
// id. Declarations that fit no order go a year after they were dismissed, three
// years after they came at the latest. Photos go half a year after their problem was closed, two years after it was
// reported at the latest.
//
// # Failure of requests
//
// A receipt that cannot be mailed is tried again like every mail; the page that
// followed the form says the same. An order that is not known is matched by hand.
package changes
