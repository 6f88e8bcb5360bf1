package boot

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// class is a reason for which personal data is kept, and with it for how long.
type class string

// The classes of docs/privacy.md. What erases on request (a customer's, or of the
// shop) erases all of them but the access log, which holds nobody's data.
const (
	classTrade      class = "trade"       // the customer and what they bought: while the app is installed
	classMail       class = "mail"        // that a mail was sent, and to whom: while the app is installed
	classMailText   class = "mail text"   // what a mail said: 60 days
	classMailbox    class = "mailbox"     // the built-in mailbox of a trial: 30 days
	classEvent      class = "event"       // what Shopify sent: until worked off, at most 7 days
	classValue      class = "value"       // what Shopify was asked to make or pay: 180 days after it ended
	classWork       class = "work"        // why a job failed: until it is done
	classRequest    class = "request"     // who asked: until the file's time is over, or the erasure done
	classDisclosure class = "disclosure"  // the file: 30 days after the first download, at most 180
	classAccessLog  class = "access log"  // which staff member read: one year
	classMerchant   class = "merchant"    // the merchant's own name and addresses: until the shop is erased
	classStaff      class = "staff"       // who of the merchant's people uses the app: until they are removed, or the shop is erased
	classRedaction  class = "redaction"   // whom a restored backup must forget again, by number: 90 days
	classLookup     class = "look-up"     // what a shopper typed to find their order: an hour, at most a day
	classPhoto      class = "photo"       // what a shopper photographed: half a year after the problem was closed, at most two years
	classClaimPhoto class = "claim photo" // what a shopper photographed of a door: half a year after the claim was closed, at most two years
	classDeclared   class = "declaration" // what somebody typed to withdraw from a contract: as trade; one that fits no order a year after it was put aside, at most three
	classDesign     class = "design"      // what the merchant wrote themselves: until the shop is erased
)

// sweeps names the schedule that ends a class; the others end on request, or
// with what they belong to.
var sweeps = map[class]string{classMailText: "messages.retention", classEvent: "shopify.retention", classValue: "shopify.operations", classRequest: "shops.retention", classDisclosure: "shops.retention", classAccessLog: "shops.retention", classRedaction: "shops.retention", classLookup: "orders.lookups", classPhoto: "changes.photos", classDeclared: "changes.photos", classClaimPhoto: "tracking.photos"}

// personal gives every column that holds, or may hold, personal data its class.
// A test fails for a column that looks personal and is not here.
var personal = map[string]class{
	"orders_lookups.email_key": classLookup,

	"customers.email": classTrade, "customers.verified_email": classTrade, "customers.phone": classTrade, "customers.first_name": classTrade, "customers.last_name": classTrade, "customers.locale": classTrade,
	"orders.customer_id": classTrade, "orders.customer_name": classTrade, "orders.email": classTrade, "orders.locale": classTrade, "orders.email_key": classTrade, "orders.buyer_key": classTrade,
	"orders.last_name_key": classTrade, "orders.document": classTrade, "orders.details": classTrade, "orders_refunds.document": classTrade, "orders_events.detail": classTrade,

	"tracking_parcels.tracking_number": classTrade, "tracking_parcels.tracking_url": classTrade, "tracking_parcels.destination_region": classTrade,
	"tracking_lessons.region": classTrade, "tracking_promises.region": classTrade, "tracking_claims.statement": classTrade, "tracking_claims.customer_id": classTrade, "tracking_claims.locale": classTrade, "tracking_claims.answer": classTrade,
	"tracking_claims.history": classTrade, "tracking_claims.checked": classTrade, "tracking_parcels.address_key": classTrade,
	"tracking_scans.city": classTrade, "tracking_scans.province": classTrade, "tracking_scans.zip": classTrade, "tracking_scans.message": classTrade,

	"changes_withdrawals.typed_order": classDeclared, "changes_withdrawals.name": classDeclared, "changes_withdrawals.email": classDeclared, "changes_withdrawals.email_key": classDeclared,
	"changes_withdrawals.typed_items": classDeclared, "changes_withdrawals.locale": classDeclared, "changes_withdrawals.answer": classDeclared, "changes_withdrawals.answered_by": classStaff,
	"changes_problems.description": classTrade, "changes_problems.locale": classTrade, "changes_problems.answer": classTrade, "changes_problem_answers.text": classTrade, "changes_problem_answers.answered_by": classStaff, "changes_problems.answered_by": classStaff,
	"changes_photos.picture": classPhoto, "tracking_claim_photos.picture": classClaimPhoto,

	"messages.to_address": classMail, "messages.to_name": classMail, "messages.customer_id": classMail, "messages.locale": classMail, "messages.reason": classMail, "messages_history.detail": classMail,
	"messages_suppressions.address": classMail, "messages_suppressions.reason": classMail, "messages_suppressions.lifted_reason": classMail, "messages_suppressions.lifted_by": classMail, "messages_dials.address": classMail, "messages.subject": classMail, "messages.html": classMailText, "messages.body_text": classMailText,

	"mail_mailbox.to_address": classMailbox, "mail_mailbox.subject": classMailbox, "mail_mailbox.headers": classMailbox, "mail_mailbox.html": classMailbox, "mail_mailbox.body_text": classMailbox,

	"shopify_inbox.body": classEvent,
	"queue_jobs.reason":  classWork,

	"offers_codes.customer_id": classTrade, "offers_codes.code": classTrade, "offers_codes.reason": classTrade,

	"changes_changes.address": classTrade, "changes_changes.detail": classTrade, "changes_changes.asked_by": classTrade, "changes_changes.staff_note": classTrade, "changes_changes.pay_url": classTrade, "changes_changes.locale": classTrade,

	"shopify_operations.input": classValue, "shopify_operations.reason": classValue, "shopify_operations.given_up_note": classValue, "shopify_operations.given_up_by": classValue,

	"shops_privacy_requests.customer_id": classRequest, "shops_privacy_requests.email": classRequest, "shops_privacy_requests.phone": classRequest, "shops_privacy_requests.order_ids": classRequest,
	"shops_privacy_files.sealed": classDisclosure,
	"shops_access_log.staff_id":  classAccessLog,

	"shops_staff.staff_id": classStaff, "shops_staff.display_name": classStaff, "shops_staff.changed_by": classStaff, "tracking_claims.decided_by": classStaff,
	"shops_redactions.customer_id": classRedaction, "shops_redactions.order_ids": classRedaction, "shops_redactions.hashes": classRedaction,

	"messages_designs.document": classDesign, "messages_designs.changed_by": classDesign,
	"policy_policies.changed_by": classDesign, "policy_policies.source": classDesign,

	"shops.email": classMerchant, "shops.name": classMerchant, "shops_settings.sender_name": classMerchant, "shops_settings.reply_to": classMerchant, "shops_settings.postal_address": classMerchant,
	"shops_settings.support_email": classMerchant, "shops_mail.from_address": classMerchant, "shops_mail.username": classMerchant,
}

// impersonal are the columns whose names look personal and that hold nobody's data.
var impersonal = map[string]string{
	"orders.name":                           "the order's number, #1042",
	"orders.name_key":                       "the order's number, for searching",
	"orders_lookups.name_key":               "an order's number",
	"messages.order_name":                   "the order's number",
	"queue_schedules.name":                  "the schedule's name",
	"shopify_inbox.subject":                 "a kind and an id, order:42",
	"shopify_operations.subject":            "a kind and an id, order:42",
	"shops_access_log.subject":              "the number of an order, a message or a request",
	"tracking_parcels.order_name":           "the order's number",
	"changes_withdrawals.order_name":        "the order's number",
	"changes_problems.order_name":           "the order's number",
	"changes_changes.order_name":            "the order's number",
	"changes_settings.address":              "whether addresses may be changed",
	"tracking_parcels.name":                 "the parcel's number, #1042.1",
	"tracking_parcels.carrier_name":         "who carries parcels",
	"tracking_offers.order_name":            "the order's number",
	"tracking_claims.order_name":            "the order's number",
	"tracking_claim_settings.customer_days": "a number of days",
	"tracking_claim_settings.customer_most": "a number of claims",
}

var looksPersonal = regexp.MustCompile(`email|phone|address|name|customer|buyer|html|body|document|subject|note|detail|header|staff|user|changed_by|sealed|_ip$|street|city|zip|birth`)

// A new column with personal data says how long it is kept, or the test fails.
func TestEveryPersonalColumnHasARetentionClass(t *testing.T) {
	h := openHouse(t, nil)
	all := columns(t, h.DB)
	tables := map[string]bool{}
	for _, column := range all {
		table, name, _ := strings.Cut(column, ".")
		tables[table] = true
		_, classed := personal[column]
		_, excused := impersonal[column]
		if classed && excused {
			t.Errorf("%s is personal and is not", column)
		}
		if looksPersonal.MatchString(name) && !classed && !excused {
			t.Errorf("%s looks personal and has no class: name it in app/boot/retention_test.go and docs/privacy.md", column)
		}
	}
	for column := range personal {
		if table, _, _ := strings.Cut(column, "."); tables[table] && !slices.Contains(all, column) {
			t.Errorf("%s has a class and does not exist", column)
		}
	}
}

// The page that merchants and auditors read says the same as the code.
func TestRetentionClassesAreDocumentedAndSwept(t *testing.T) {
	raw, err := os.ReadFile("../../docs/privacy.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	h := openHouse(t, nil)
	schedules := []string{h.Inbox.Retention().Name, h.Operator.Retention().Name}
	for _, r := range h.Rooms {
		for _, s := range r.Schedules {
			schedules = append(schedules, s.Name)
		}
	}
	for column, c := range personal {
		table, _, _ := strings.Cut(column, ".")
		row := ""
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, "| "+string(c)+" |") {
				row = line
			}
		}
		if !strings.Contains(row, "`"+table+"`") {
			t.Errorf("docs/privacy.md does not list %s under %q", table, c)
		}
		if name := sweeps[c]; name != "" && (!strings.Contains(row, "`"+name+"`") || !slices.Contains(schedules, name)) {
			t.Errorf("%q is swept by %s, which docs/privacy.md does not say or which does not exist", c, name)
		}
	}
}

// Deleting by schema only works for tables that say whose rows they hold.
func TestEveryTableBelongsToShopsOrToNobody(t *testing.T) {
	ours := strings.Fields("queue_schedules shops_erasures") // no shop's data
	h := openHouse(t, nil)
	tables, owned := map[string]bool{}, map[string]bool{}
	for _, column := range columns(t, h.DB) {
		table, name, _ := strings.Cut(column, ".")
		tables[table] = true
		owned[table] = owned[table] || name == "shop_id"
	}
	for table := range tables {
		if !owned[table] && !slices.Contains(ours, table) {
			t.Errorf("%s has no shop_id: erasing a shop would leave it", table)
		}
	}
}
