package changes

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"afterglow/app/ids"
	"afterglow/app/money"
	"afterglow/app/orders"
	"afterglow/app/policy"
	"afterglow/app/shopify"
	"afterglow/app/web"
)

type (
	shownLine struct {
		ID          int64
		Title, Text string
		Picture     string
		Quantity    int64
		Possible    bool
	}
	shownVariant struct {
		ID    int64
		Title string
		Price string
	}
)

func (s *Service) getItems(c *web.Ctx) error {
	v, err := s.visit(c, Swap)
	if err != nil {
		return err
	}
	if v.live != nil {
		return v.toLive(c)
	}
	if !v.offered || !v.verdict.Allowed {
		return s.sayNo(c, v, Swap)
	}
	i := slices.IndexFunc(v.Order.Lines, func(l orders.Line) bool { return strconv.FormatInt(l.ID, 10) == c.Query("line") })
	if i < 0 || !v.mayChange(v.Order.Lines[i].ID) {
		return s.listItems(c, v)
	}
	return s.chooseItem(c, v, v.Order.Lines[i])
}

func (s *Service) listItems(c *web.Ctx, v visit) error {
	return s.page(c, v, "items", Swap.action().Name(v.Tag), 0, map[string]any{"Lines": v.lines(), "Path": v.Path + "/change/items"})
}

func (v visit) mayChange(line int64) bool {
	return slices.ContainsFunc(v.verdict.Items, func(i policy.ItemVerdict) bool { return i.Item == line && i.Allowed })
}

func (v visit) lines() (list []shownLine) {
	for _, l := range v.Order.Lines {
		i := slices.IndexFunc(v.verdict.Items, func(i policy.ItemVerdict) bool { return i.Item == l.ID })
		if i < 0 {
			continue
		}
		list = append(list, v.line(l, v.verdict.Items[i].Verdict))
	}
	return list
}

func (v visit) line(l orders.Line, verdict policy.Verdict) shownLine {
	out := shownLine{ID: l.ID, Title: l.Title, Quantity: l.CurrentQuantity, Possible: verdict.Allowed, Text: verdict.Explain(v.Tag, v.Zone)}
	if l.Options != "" {
		out.Title += ", " + l.Options
	}
	if l.Picture != nil {
		out.Picture = l.Picture.URL
	}
	return out
}

// chooseItem shows what can be done with a line. Other variants are read from the
// shop's catalogue; when that cannot be reached the rest is still possible.
func (s *Service) chooseItem(c *web.Ctx, v visit, l orders.Line) error {
	sent := sentOf(v.Order, l.ID)
	data := map[string]any{"Line": v.line(l, v.verdict), "Path": v.Path + "/change/items", "Alone": sent == 0 && alone(v.Order, l.ID),
		"Cancel": v.Path + cancelPath + "?lang=" + string(v.Tag), "CancelLabel": Cancel.action().Name(v.Tag)}
	most := max(v.settings.QuantityMost, l.CurrentQuantity)
	ctx, cancel := context.WithTimeout(c.Context(), previewTime)
	defer cancel()
	list := []shownVariant{}
	found, err := s.clients(v.Shop).Variants(ctx, l.ProductID)
	if err != nil {
		s.log.WarnContext(ctx, "variants could not be read", "order", v.OrderID, "error", err)
	}
	for _, x := range found {
		left, limited := x.Left()
		if int64(x.ID) == l.VariantID {
			if limited {
				most = min(most, l.CurrentQuantity+left)
			}
			continue
		}
		if !x.Available || limited && left < l.CurrentQuantity-sent {
			continue
		}
		shown := shownVariant{ID: int64(x.ID), Title: x.Title}
		if price, err := money.Parse(x.Price, v.Order.Currency); err == nil && v.Order.Currency == v.Order.PresentmentCurrency {
			shown.Price = v.Tag.Money(price)
		}
		list = append(list, shown)
	}
	quantities := []int64{}
	for n := max(1, sent); n <= most; n++ {
		if n != l.CurrentQuantity {
			quantities = append(quantities, n)
		}
	}
	data["Variants"], data["Quantities"] = list, quantities
	return s.page(c, v, "item", Swap.action().Name(v.Tag), 0, data)
}

// itemWish reads what shall be done with a line.
func itemWish(get func(string) string) Wish {
	w := Wish{Kind: Kind(get("do")), Line: number(get("line")), Variant: number(get("variant")), Quantity: number(get("quantity"))}
	switch w.Kind {
	case Swap:
		w.Quantity = 0
	case Quantity:
		w.Variant = 0
	case Remove:
		w.Variant, w.Quantity = 0, 0
	}
	return w
}

// postReview shows what the change comes to before anything is saved. It is posted,
// because Shopify works that out in an edit.
func (s *Service) postReview(c *web.Ctx) error {
	v, err := s.visit(c, Swap)
	if err != nil {
		return err
	}
	if v.live != nil {
		return v.toLive(c)
	}
	w := itemWish(c.PostForm)
	if !v.offered || !v.verdict.Allowed {
		return s.sayNo(c, v, Swap)
	}
	i := slices.IndexFunc(v.Order.Lines, func(l orders.Line) bool { return l.ID == w.Line })
	if i < 0 {
		return s.listItems(c, v)
	}
	if !v.mayChange(w.Line) {
		return s.page(c, v, "no", Swap.action().Name(v.Tag), 0, map[string]any{"Text": v.lineVerdict(w.Line).Explain(v.Tag, v.Zone), "Instead": ""})
	}
	return s.confirmItem(c, v, v.Order.Lines[i], w)
}

func (v visit) lineVerdict(line int64) policy.Verdict {
	for _, i := range v.verdict.Items {
		if i.Item == line {
			return i.Verdict
		}
	}
	return v.verdict
}

func (s *Service) confirmItem(c *web.Ctx, v visit, l orders.Line, w Wish) error {
	w.ID, w.Order, w.By, w.Tag = ids.New("chg"), v.OrderID, Shopper, v.Tag
	if !w.Kind.ofItem() || w.Validate() != nil {
		return s.listItems(c, v)
	}
	ch := Change{ID: w.ID, Order: w.Order, Kind: w.Kind, Line: w.Line, Variant: w.Variant, Quantity: w.Quantity}
	if fit(v.Order, &ch) != nil {
		return s.listItems(c, v)
	}
	why := limit(v.Order, ch)
	if why == "" && tooMany(v.Order, ch, v.settings.QuantityMost) {
		why = WhyMost
	}
	if why != "" {
		return s.because(c, v, why)
	}
	sum, err := s.preview(c.Context(), v.Shop, ch)
	var no *shopify.Refused
	switch {
	case errors.As(err, &no):
		why, _ = whyOf(no.Reason)
		return s.because(c, v, why)
	case err != nil:
		s.log.WarnContext(c.Context(), "a change could not be worked out", "order", v.OrderID, "error", err)
		return s.page(c, v, "no", Swap.action().Name(v.Tag), 0, map[string]any{"Text": v.t("preview.away", nil), "Instead": ""})
	}
	amount := money.New(sum, v.Order.PresentmentCurrency)
	to := ""
	if w.Kind == Swap {
		to = s.variantTitle(c.Context(), v.Shop, l.ProductID, w.Variant)
	}
	return s.page(c, v, "item confirm", Swap.action().Name(v.Tag), 0, map[string]any{"Once": w.ID, "Line": v.line(l, v.verdict), "Wish": w, "To": to, "Expected": sum,
		"Money": v.consequence(amount), "Credit": v.credit(amount), "Amount": v.Tag.Money(amount), "Path": v.Path + "/change/items"})
}

// because is the page that says why an item cannot be changed like this, with the
// way to cancel where that is what remains.
func (s *Service) because(c *web.Ctx, v visit, why string) error {
	data := map[string]any{"Text": v.t("refused."+why, nil), "Instead": ""}
	if why == WhyLast {
		data["Link"], data["LinkLabel"] = v.Path+cancelPath+"?lang="+string(v.Tag), Cancel.action().Name(v.Tag)
	}
	return s.page(c, v, "no", v.t("refused.title", nil), 0, data)
}

// consequence says what will become of the money, before the change.
func (v visit) consequence(amount money.Amount) string {
	if amount.Minor < 0 {
		return v.t("money.pay", map[string]any{"amount": v.Tag.Money(amount.Neg())})
	}
	return moneyText(v.Tag, Change{Kind: Swap, Money: amount})
}

func (s *Service) variantTitle(ctx context.Context, shop ids.Shop, product, variant int64) string {
	ctx, cancel := context.WithTimeout(ctx, previewTime)
	defer cancel()
	found, err := s.clients(shop).Variants(ctx, product)
	if err != nil {
		return ""
	}
	for _, x := range found {
		if int64(x.ID) == variant {
			return x.Title
		}
	}
	return ""
}

func (s *Service) postItems(c *web.Ctx) error {
	v, err := s.visit(c, Swap)
	if err != nil {
		return err
	}
	w := itemWish(c.PostForm)
	if !w.Kind.ofItem() {
		return s.listItems(c, v)
	}
	expected := number(c.PostForm("expected"))
	w.Expected = &expected
	return s.post(c, v, w, s.listItems)
}
