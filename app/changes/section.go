package changes

import (
	"context"
	_ "embed" // the section of the order page
	"strings"
	"time"

	"afterglow/app/locale"
	"afterglow/app/orders"
	"afterglow/app/room"
	"afterglow/app/store"
)

//go:embed page/section.html
var sectionTemplate string

//go:embed page/changes.css
var pageCSS string

// section says on the order page what can be changed, and how the latest change
// stands.
func (s *Service) section() room.Section {
	return room.Section{Name: "changes", Place: room.Aside, Rank: 10, Template: sectionTemplate, CSS: pageCSS,
		Show: func(_ context.Context, tx *store.Tx, at room.PageView) (any, error) {
			return s.show(tx, at.OrderID, at.Tag, at.Zone, at.Path)
		}}
}

// What the section's template sees.
type (
	shown struct {
		Path, Query string
		Latest      *shownChange
		Options     []shownOption
		Why         string // when nothing is possible, and for the same reason
		Instead     string // when nothing is possible
	}
	shownOption struct {
		Name, Text, Link string // Link is "" when it is not possible
	}
	shownChange struct {
		Title, Item, Text, Money, Link string
		Bad                            bool
		PayURL, PayLabel               string
		Back                           bool // it can be taken back
	}
)

// latestShown is how long an ended change stays on the order's page.
const latestShown = 14 * 24 * time.Hour

func (s *Service) show(tx *store.Tx, order int64, tag locale.Tag, zone *time.Location, path string) (any, error) {
	options, instead, err := s.options(tx, order, tag, zone)
	if err != nil {
		return nil, err
	}
	latest, err := newest(tx, order)
	if err != nil {
		return nil, err
	}
	o, err := orders.Find(tx, order)
	if err != nil {
		return nil, err
	}
	out := shown{Path: path, Query: "?lang=" + string(tag), Options: options, Instead: instead}
	if latest != nil && (latest.EndedAt == nil || tx.Now.Sub(*latest.EndedAt) < latestShown) {
		out.Latest = showChange(tag, zone, *latest, path)
		out.Latest.settled(o, *latest)
	}
	out.sum()
	if o.CancelledAt != nil || latest != nil && latest.State.Live() { // the page says so: there is nothing left, or one at a time
		out.Options, out.Why, out.Instead = nil, "", ""
	}
	if len(out.Options) == 0 && out.Why == "" && out.Latest == nil {
		return nil, nil
	}
	return &out, nil
}

// sum says once what holds for every option.
func (v *shown) sum() {
	for _, o := range v.Options {
		if o.Link != "" || o.Text != v.Options[0].Text {
			return
		}
	}
	if len(v.Options) > 1 {
		v.Why, v.Options = v.Options[0].Text, nil
	}
}

// settled takes the request for payment back once nothing is due. A copy of the
// order that is older than the change cannot tell.
func (v *shownChange) settled(o *orders.Order, ch Change) {
	if v.PayURL != "" && ch.EndedAt != nil && o.UpdatedAt.After(*ch.EndedAt) && orders.Sum(o).Due.Presentment <= 0 {
		v.PayURL, v.Money = "", ""
	}
}

// options are what the shop offers at all, with until when or why not.
func (s *Service) options(tx *store.Tx, order int64, tag locale.Tag, zone *time.Location) (list []shownOption, instead string, err error) {
	shop, err := s.shops.Get(tx)
	if err != nil || !granted(shop) {
		return nil, "", err
	}
	settings, err := loadSettings(tx)
	if err != nil {
		return nil, "", err
	}
	verdicts, err := s.policy.Verdicts(tx, order)
	if err != nil {
		return nil, "", err
	}
	possible := false
	for _, offer := range []struct {
		kind Kind
		path string
	}{{Cancel, "/change/cancel"}, {Address, "/change/address"}, {Swap, "/change/items"}} {
		if !settings.offers(offer.kind) {
			continue
		}
		for _, v := range verdicts {
			if v.Action != offer.kind.action() {
				continue
			}
			o := shownOption{Name: v.Action.Name(tag), Text: v.Explain(tag, zone)}
			if v.Allowed {
				o.Link, possible = offer.path, true
			} else if instead == "" {
				instead = v.InsteadText(tag)
			}
			list = append(list, o)
		}
	}
	if possible {
		instead = ""
	}
	return list, instead, nil
}

// card tells Shopify's order status page what can be changed, and until when.
func (s *Service) card(tx *store.Tx, at orders.CardView) (map[string]any, error) {
	list := []any{}
	if other, err := live(tx, at.Order.ID); err != nil || other != nil {
		return map[string]any{"changes": list}, err
	}
	options, _, err := s.options(tx, at.Order.ID, at.Tag, at.Zone)
	for _, o := range options {
		if o.Link != "" {
			list = append(list, map[string]any{"name": o.Name, "text": o.Text})
		}
	}
	return map[string]any{"changes": list}, err
}

// showChange says how a change stands.
func showChange(tag locale.Tag, zone *time.Location, ch Change, path string) *shownChange {
	t := func(key string) string { return locale.Shopper.T(tag, "changes."+key, nil) }
	v := &shownChange{Link: path + "/changes/" + ch.ID}
	switch {
	case ch.undoing():
		v.Title, v.Text, v.Item = t("state.under_way.title"), t("state.under_way.text"), ch.Item
	case ch.State == Done || ch.State == Paying:
		v.Title, v.Text, v.Money = outcome(tag, ch), ch.Item, strings.Join(moneyTexts(tag, zone, ch), " ")
		if ch.State == Paying {
			v.Title, v.Back = t("state.paying.title"), true
		}
		if ch.Kind == Address {
			v.Money = ""
		}
		if ch.PayURL != "" {
			v.PayURL, v.PayLabel = ch.PayURL, locale.Shopper.T(tag, "changes.money.pay_button", map[string]any{"amount": tag.Money(ch.Money.Neg())})
		}
	case ch.State == Refused && (ch.Reason == WhyTakenBack || ch.Reason == WhyUnpaid):
		v.Title, v.Text, v.Item = t("mail.undone.title"), t("refused."+ch.Reason), ch.Item
	case ch.State == Refused:
		v.Title, v.Text, v.Item, v.Bad = t("refused.title"), t("refused."+ch.Reason), ch.Item, true
	case ch.State == Parked:
		v.Title, v.Text = t("state.parked.title"), t("state.parked.text")
	default:
		v.Title, v.Text = t("state.under_way.title"), t("state.under_way.text")
	}
	return v
}
