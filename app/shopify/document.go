package shopify

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Document is one GraphQL operation. The ones of this package live in graphql/
// and a test holds each against the published schema.
type Document struct {
	Name string
	Text string
	// Safe tells that sending the document twice does the same as sending it
	// once, so that it may be sent again when the answer was lost. Every query
	// is safe; a mutation is safe only when it says so.
	Safe bool
}

//go:embed graphql/*.graphql
var documentFiles embed.FS

var (
	spread     = regexp.MustCompile(`\.\.\.([A-Z][A-Za-z]*)`)
	fragmentOf = regexp.MustCompile(`(?m)^fragment ([A-Z][A-Za-z]*) on `)
	fragments  = loadFragments()

	docShop               = document("shop")
	docAppInstallation    = document("app_installation")
	docOrder              = document("order")
	docOrderLines         = document("order_lines")
	docRefundLines        = document("refund_lines")
	docFulfillmentLines   = document("fulfillment_lines")
	docOrdersUpdated      = document("orders_updated_since")
	docOrderParcels       = document("order_parcels")
	docCustomer           = document("customer")
	docBulkRun            = document("bulk_run")
	docBulkOperation      = document("bulk_operation")
	docBulkRecent         = document("bulk_recent")
	docBulkCancel         = document("bulk_cancel")
	docProducts           = document("products")
	docCatalogue          = document("catalogue")
	docDiscountCreate     = document("discount_create")
	docDiscountByCode     = document("discount_by_code")
	docDiscountEnd        = document("discount_end")
	docOrderGate          = document("order_gate")
	docOrderCancel        = document("order_cancel")
	docOrderCancelResult  = document("order_cancel_result")
	docOrderAddress       = repeatable("order_address")
	docOrderEditBegin     = repeatable("order_edit_begin")
	docOrderEditSet       = repeatable("order_edit_set_quantity")
	docOrderEditAdd       = document("order_edit_add_variant")
	docOrderEditCommit    = document("order_edit_commit")
	docFulfillmentHold    = repeatable("fulfillment_hold")
	docFulfillmentRelease = document("fulfillment_release")
	docRefundCreate       = document("refund_create")
	docProductVariants    = document("product_variants")
	docOrderPayments      = document("order_payments")
	docDraftCreate        = document("draft_create")
	docDraftComplete      = document("draft_complete")
	docDraftTagged        = document("draft_tagged")
	docStoreCreditAdd     = document("store_credit_add")
	docStoreCreditRecent  = document("store_credit_recent")
	documents             = []Document{
		docShop, docAppInstallation, docOrder, docOrderLines, docRefundLines, docFulfillmentLines, docOrdersUpdated, docOrderParcels, docCustomer,
		docBulkRun, docBulkOperation, docBulkRecent, docBulkCancel, docProducts, docCatalogue,
		docDiscountCreate, docDiscountByCode, docDiscountEnd,
		docOrderGate, docOrderCancel, docOrderCancelResult, docOrderAddress, docOrderEditBegin, docOrderEditSet, docOrderEditAdd, docOrderEditCommit,
		docFulfillmentHold, docFulfillmentRelease, docRefundCreate, docProductVariants,
		docOrderPayments, docDraftCreate, docDraftComplete, docDraftTagged, docStoreCreditAdd, docStoreCreditRecent,
	}

	// What bulk operations export; each is the variable of docBulkRun.
	bulkQueries = map[BulkKind]Document{
		BulkOrders: bulkDocument("bulk_orders"), BulkCustomers: bulkDocument("bulk_customers"), BulkProducts: bulkDocument("bulk_products"),
	}
)

// bulkDocument loads the query of a bulk operation with its fragments written
// out: Shopify documents bulk queries as one operation without any.
func bulkDocument(name string) Document {
	raw, err := documentFiles.ReadFile("graphql/" + name + ".graphql")
	if err != nil {
		panic(fmt.Sprintf("shopify: document %s: %v", name, err))
	}
	text := string(raw)
	for spread.MatchString(text) {
		text = spread.ReplaceAllStringFunc(text, func(s string) string {
			body := fragments[s[len("..."):]]
			return strings.TrimSpace(body[strings.IndexByte(body, '{')+1 : strings.LastIndexByte(body, '}')])
		})
	}
	return Document{Name: name, Text: text}
}

// document loads graphql/<name>.graphql with the fragments it uses. A missing
// file is a mistake of ours that no test run survives, so it panics.
func document(name string) Document {
	raw, err := documentFiles.ReadFile("graphql/" + name + ".graphql")
	if err != nil {
		panic(fmt.Sprintf("shopify: document %s: %v", name, err))
	}
	text := uncommented(string(raw))
	return Document{Name: name, Text: withFragments(text), Safe: strings.HasPrefix(text, "query ")}
}

// repeatable loads a mutation that does the same when it is sent twice: it sets what
// it is told to, saves nothing, or bears a name that is unique.
func repeatable(name string) Document {
	d := document(name)
	d.Safe = true
	return d
}

// uncommented drops the lines that only say which variables the document takes.
func uncommented(text string) string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.HasPrefix(l, "#") })
	return strings.TrimSpace(strings.Join(lines, "\n")) + "\n"
}

func loadFragments() map[string]string {
	raw, err := documentFiles.ReadFile("graphql/fragments.graphql")
	if err != nil {
		panic(fmt.Sprintf("shopify: fragments: %v", err))
	}
	text := string(raw)
	starts := fragmentOf.FindAllStringSubmatchIndex(text, -1)
	byName := map[string]string{}
	for i, at := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		byName[text[at[2]:at[3]]] = text[at[0]:end]
	}
	return byName
}

// withFragments appends each fragment that the text uses, directly or through
// another one, once.
func withFragments(text string) string {
	have := map[string]bool{}
	for from := 0; from < len(text); {
		rest := text[from:]
		from = len(text)
		for _, m := range spread.FindAllStringSubmatch(rest, -1) {
			if f, ok := fragments[m[1]]; ok && !have[m[1]] {
				have[m[1]] = true
				text += f
			}
		}
	}
	return text
}
