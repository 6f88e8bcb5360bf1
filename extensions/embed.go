// Package extensions carries what Afterglow puts into Shopify's own pages: blocks
// for themes and a card on the order's status page. Shopify gets them by
// `shopify app deploy`; the simulation shows them from here.
package extensions

import "embed"

// Theme holds the folder tracking-theme: blocks, snippets, locales, assets.
//
//go:embed tracking-theme
var Theme embed.FS

// OrderStatus holds the built card of the order status page and its texts.
//
//go:embed order-status/dist order-status/locales
var OrderStatus embed.FS

// BuiltFor is the address of the app that the card was built with.
const BuiltFor = "https://app.afterglow.example"
