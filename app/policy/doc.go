// Package policy decides what a shopper may do with an order, until when, and
// why, by a text that the merchant writes.
//
// # Words
//
// An action is what a shopper wants to do: cancel, change the address, change an
// item, return, withdraw, claim. A policy has a section of rules for each. A rule
// allows or refuses; it has conditions, and if it allows, perhaps a window. Facts
// are what is known of an order. A verdict is the answer: allowed or not, until
// when, the reason, and what would work instead. A version is a policy as it was
// published; the draft is what the merchant is working on.
//
// # The language
//
//	# Outlet goods stay with their buyer.
//	return:
//	  refuse when product tag "final sale"
//	  allow within 60 days of delivered or placed when country DE, AT
//	  allow within 30 days of delivered or placed
//
// Rules are read from the top and the first whose conditions all hold decides,
// whatever stands below it; when none does, the action is refused. A window is no
// condition: when it is over, the rule refuses, and no later rule is asked. It
// counts from the first of its anchors that has happened, and has no end while
// none has. Minutes and hours are counted to the instant, days are civil days in
// the shop's zone up to the end of the last. The days of withdrawing are the law's:
// where the last falls on a weekend, they end with the Monday.
//
// What nobody knows (the tags of a product that was deleted) meets no condition,
// nor its opposite; the verdict names it. What cannot be done is refused before
// any rule: an order that is cancelled or was sent cannot be stopped.
//
// # Guarantees
//
//   - Evaluate reads its arguments only, always answers, and answers the same.
//   - A verdict's end is exact: allowed the instant before, refused at it.
//   - An allowance made wider where it stands never refuses more.
//   - Parse and String are each other's inverse.
//   - An order is judged by the version that was in force when it was placed, or
//     by the first if it is older than all.
//
// # Tables
//
// policy_policies holds draft and versions; policy_products what rules ask about
// products. Before a shop publishes a policy, version 1 is what its settings
// promise; it is written with the second. The settings go on to show the return
// window, and a change there publishes a version.
//
// # Failure
//
// A text with faults can be kept as a draft and not be published; each fault has
// its line and column. Whatever else goes wrong is the database's problem and is
// passed on.
package policy
