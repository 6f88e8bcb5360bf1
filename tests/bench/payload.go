package main

import (
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// template is Shopify's published orders/create example, made consistent: paid, a
// discount that adds up, 10.7 KB. Its numbers hold 9999999 wherever an order differs
// from the next.
//
//go:embed testdata/orders_create.json
var template string

const (
	marker     = "9999999"
	exampleDay = "2026-11-21T12:00:00-05:00"
)

// orderBody is the payload of order n, below nine million.
func orderBody(n int, at time.Time) []byte {
	r := strings.NewReplacer(marker, seven(n), exampleDay, at.UTC().Format(time.RFC3339))
	return []byte(r.Replace(strings.TrimSpace(template)))
}

// seven writes seven digits that don't begin with a nought: some are numbers in JSON.
func seven(n int) string { return fmt.Sprint(1_000_000 + n) }

// orderAddress is where the confirmation of order n goes.
func orderAddress(n int) string { return "shopper" + seven(n) + "@example.com" }

// sign is what Shopify puts into X-Shopify-Hmac-Sha256.
func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// webhook is one delivery as bytes on the wire. Only the event id differs between
// deliveries of the same body, so that the driver spends its time on nothing else.
func webhook(host, shop, secret string, body []byte, event string) []byte {
	head := fmt.Sprintf("POST /webhooks/shopify HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"+
		"X-Shopify-Topic: orders/create\r\nX-Shopify-Shop-Domain: %s\r\nX-Shopify-Api-Version: 2026-10\r\n"+
		"X-Shopify-Webhook-Id: %s\r\nX-Shopify-Event-Id: %s\r\nX-Shopify-Triggered-At: %s\r\nX-Shopify-Hmac-Sha256: %s\r\n\r\n",
		host, len(body), shop, event, event, time.Now().UTC().Format(time.RFC3339Nano), sign(secret, body))
	return append([]byte(head), body...)
}
