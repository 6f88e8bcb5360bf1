package shopify

import (
	"bytes"
	"encoding/json"

	"afterglow/app/ids"
	"afterglow/app/money"
)

// ID is a number out of a global id; 0 stands for null.
type ID int64

// UnmarshalJSON reads "gid://shopify/Kind/123".
func (i *ID) UnmarshalJSON(b []byte) error {
	gid, ok := plainString(b)
	if !ok {
		var text *string
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
		if text == nil {
			*i = 0
			return nil
		}
		gid = *text
	}
	_, n, err := ids.ParseGID(gid)
	if err != nil {
		return err
	}
	*i = ID(n)
	return nil
}

// Ref is the id of an object of which nothing else is told; 0 stands for null.
type Ref int64

// UnmarshalJSON reads {"id":"gid://shopify/Kind/123"}.
func (r *Ref) UnmarshalJSON(b []byte) error {
	var node *struct{ ID ID }
	if err := json.Unmarshal(b, &node); err != nil {
		return err
	}
	*r = 0
	if node != nil {
		*r = Ref(node.ID)
	}
	return nil
}

// plainString reads a string without escapes; the JSON around it was found valid.
func plainString(b []byte) (string, bool) {
	if len(b) < 2 || b[0] != '"' || bytes.IndexByte(b, '\\') >= 0 {
		return "", false
	}
	return string(b[1 : len(b)-1]), true
}

// Money is one sum in the shop's currency and in the one the shopper saw.
type Money struct {
	Shop, Presentment money.Amount
}

// UnmarshalJSON reads a MoneyBag.
func (m *Money) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	var shop, presentment moneyV2
	if !shop.plain(&presentment, b) {
		var bag struct {
			Shop        moneyV2 `json:"shopMoney"`
			Presentment moneyV2 `json:"presentmentMoney"`
		}
		if err := json.Unmarshal(b, &bag); err != nil {
			return err
		}
		shop, presentment = bag.Shop, bag.Presentment
	}
	var err error
	if m.Shop, err = shop.amount(); err != nil {
		return err
	}
	m.Presentment, err = presentment.amount()
	return err
}

// plain reads a MoneyBag that is written just as Shopify writes it, which saves
// the JSON library two more looks at each of an order's fifty sums. It tells
// whether it was.
func (m *moneyV2) plain(presentment *moneyV2, b []byte) bool {
	rest := b
	for _, part := range []struct {
		before string
		to     *string
	}{
		{`{"shopMoney":{"amount":"`, &m.Amount}, {`","currencyCode":"`, &m.Currency},
		{`"},"presentmentMoney":{"amount":"`, &presentment.Amount}, {`","currencyCode":"`, &presentment.Currency},
	} {
		after, ok := bytes.CutPrefix(rest, []byte(part.before))
		end := bytes.IndexByte(after, '"')
		if !ok || end < 0 || bytes.IndexByte(after[:end], '\\') >= 0 {
			return false
		}
		*part.to, rest = string(after[:end]), after[end:]
	}
	return string(rest) == `"}}`
}

type moneyV2 struct {
	Amount   string `json:"amount"`
	Currency string `json:"currencyCode"`
}

func (m moneyV2) amount() (money.Amount, error) { return money.Parse(m.Amount, m.Currency) }
