package orders

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/problem"
)

// duty is something that a confirmation owes its reader.
type duty struct {
	code  string
	what  string
	block string // that shows it
	field string // that a template prints
	seen  func(out *mail.Rendered) bool
}

// The marks stand where an order's facts would, so that they can be found again
// in a finished mail however it was written.
const (
	markOrder   = "#QZ4071"
	markItem    = "QzItemqz"
	markTotal   = "QzTotalqz"
	markAddress = "QzStreetqz"
	markBilling = "QzBillingqz"
	markPage    = "https://qz.example/order"
	markReturn  = "QzDayqz"
	markCode    = "QZCODEQZ"
	markProduct = "QzProductqz"
)

func inText(mark string) func(*mail.Rendered) bool {
	return func(out *mail.Rendered) bool { return strings.Contains(out.Text, mark) }
}

var duties = []duty{
	{"order_number", "the order number", "summary", "{{ order.name }}", inText(markOrder)},
	{"order_page", "the link to the order page", "summary", `<a href="{{ order.url | url }}">`, func(out *mail.Rendered) bool { return strings.Contains(out.HTML, `href="`+markPage) }},
	{"items", "the items", "items", "{% for item in items %} … {{ item.title }}", inText(markItem)},
	{"total", "the total", "totals", "{% for row in totals %} … {{ row.label }} {{ row.amount }}", inText(markTotal)},
	{"shipping_address", "the shipping address", "addresses", "{% for line in shipping.address %} … {{ line }}", inText(markAddress)},
	{"billing_address", "the billing address", "addresses", "{% for line in billing.address %} … {{ line }}", inText(markBilling)},
	{"returns", "the line about returns", "returns", `{{ "order.returns.until" | t: date: returns.last_day }}`, inText(markReturn)},
}

// styleDuties are what a style promises besides.
var styleDuties = map[string]duty{
	StyleInviting: {"offer", "the discount code", "offer", "{{ offer.code }}", inText(markCode)},
	StyleSimilar:  {"similar", "the similar products", "similar", "{% for p in similar %} … {{ p.title }}", inText(markProduct)},
}

// ErrLint says that a design must not be published.
var ErrLint = problem.New(problem.Invalid, "orders.design_lacking", "This cannot be published yet: a confirmation would lack what it owes the shopper.")

// lint renders the probe in every style and tells what is missing, and how to
// mend it. A template that fails is reported with its line.
func lint(ctx context.Context, r *mail.Renderer, kind mail.Kind, d Design) []problem.Field {
	var found []problem.Field
	complain := func(field, detail string) {
		if !slices.ContainsFunc(found, func(f problem.Field) bool { return f.Field == field && f.Detail == detail }) {
			found = append(found, problem.Field{Field: field, Detail: detail})
		}
	}
	tags := []locale.Tag{locale.English}
	for tag := range d.Words {
		if tag != locale.English {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	for _, style := range mail.ConfirmationStyles {
		for _, tag := range tags {
			letter := probe(tag, style, d)
			out, err := r.Render(ctx, kind, letter, mail.Brand{})
			if err != nil {
				field, detail := blame(ctx, r, kind, letter, d, style, tag, err)
				complain(field, detail)
				continue
			}
			if strings.TrimSpace(out.Subject) == "" {
				complain(fmt.Sprintf("words.%s.%s.subject", tag, style), "The subject line comes out empty. Write one, or leave the field empty to use ours.")
			}
			owes := duties
			if special, ok := styleDuties[style]; ok && d.uses(style) {
				owes = append(slices.Clone(duties), special)
			}
			for _, owed := range owes {
				if owed.seen(out) {
					continue
				}
				if d.Custom.Enabled {
					complain("custom.source", fmt.Sprintf("The template does not show %s. Add %s where it belongs.", owed.what, owed.field))
					continue
				}
				complain("layouts."+style, fmt.Sprintf("%s does not show %s. Add the block “%s” again.", styleNames[style], owed.what, owed.block))
			}
		}
	}
	return found
}

// uses tells whether an order can get the style.
func (d Design) uses(style string) bool {
	return d.DefaultStyle == style || slices.ContainsFunc(d.Rules, func(r Rule) bool { return r.Style == style })
}

// blame finds which of the merchant's texts fails, by trying each alone.
func blame(ctx context.Context, r *mail.Renderer, kind mail.Kind, l *mail.Letter, d Design, style string, tag locale.Tag, whole error) (field, detail string) {
	at := fmt.Sprintf("words.%s", tag)
	try := func(change func(*mail.Letter)) error {
		alone := l.Plain()
		change(alone)
		_, err := r.Render(ctx, kind, alone, mail.Brand{})
		return err
	}
	if err := try(func(a *mail.Letter) { a.Subject = l.Subject }); err != nil {
		return at + "." + style + ".subject", problem.Of(err).Detail
	}
	for name, text := range l.Words {
		if err := try(func(a *mail.Letter) { a.Words = map[string]string{name: text} }); err != nil {
			if name == "signature" || name == "footer" {
				return at + "." + name, problem.Of(err).Detail
			}
			return at + "." + style + "." + name, problem.Of(err).Detail
		}
	}
	return "custom.source", problem.Of(whole).Detail
}

// probe is a letter that has everything, with marks in place of the facts.
func probe(tag locale.Tag, style string, d Design) *mail.Letter {
	l := mail.StyledConfirmation(tag, "full", style, d.Tone)
	order := l.Data["order"].(map[string]any)
	order["name"], order["url"] = markOrder, markPage
	item := l.Data["items"].([]any)[0].(map[string]any)
	item["title"], item["image_alt"] = markItem, "x"
	for _, row := range l.Data["totals"].([]any) {
		if row := row.(map[string]any); row["kind"] == "total" {
			row["amount"] = markTotal
		}
	}
	l.Data["shipping"].(map[string]any)["address"] = []any{markAddress}
	l.Data["billing"] = map[string]any{"address": []any{markBilling}}
	l.Data["returns"].(map[string]any)["last_day"] = markReturn
	if style == StyleInviting {
		l.Data["offer"].(map[string]any)["code"] = markCode
	}
	if style == StyleSimilar {
		l.Data["similar"].([]any)[0].(map[string]any)["title"] = markProduct
	}
	d.dress(&l, tag, style)
	// The number must stand in the mail itself: a subject line is cut and lost.
	return &l
}
