package shopify

import (
	"encoding/json"
	"testing"
)

func TestSumsAreReadHoweverTheyAreWritten(t *testing.T) {
	for _, text := range []string{
		`{"shopMoney":{"amount":"12.30","currencyCode":"USD"},"presentmentMoney":{"amount":"1800.0","currencyCode":"JPY"}}`,
		`{ "shopMoney": {"amount":"12.30","currencyCode":"USD"},"presentmentMoney":{"amount":"1800.0","currencyCode":"JPY"}}`,
		`{"presentmentMoney":{"currencyCode":"JPY","amount":"1800"},"shopMoney":{"currencyCode":"USD","amount":"12.3"}}`,
		`{"shopMoney":{"amount":"12.30","currencyCode":"USD","__typename":"MoneyV2"},"presentmentMoney":{"amount":"1800.0","currencyCode":"JPY"}}`,
		`{"shopMoney":{"amount":"12\u002e30","currencyCode":"USD"},"presentmentMoney":{"amount":"1800.0","currencyCode":"JPY"}}`,
	} {
		var m Money
		if err := json.Unmarshal([]byte(text), &m); err != nil || m.Shop.Minor != 1230 || m.Shop.Currency != "USD" || m.Presentment.Minor != 1800 || m.Presentment.Currency != "JPY" {
			t.Errorf("%s: %+v, %v", text, m, err)
		}
	}
	var m Money
	if err := json.Unmarshal([]byte(`null`), &m); err != nil || m != (Money{}) {
		t.Errorf("null: %+v, %v", m, err)
	}
	for _, text := range []string{
		`{"shopMoney":{"amount":"12.3x","currencyCode":"USD"},"presentmentMoney":{"amount":"1800.0","currencyCode":"JPY"}}`,
		`{"shopMoney":{"amount":"12.30","currencyCode":"USD"}}`, `{}`, `7`, `"12.30"`,
	} {
		if err := json.Unmarshal([]byte(text), &m); err == nil {
			t.Errorf("%s was read as %+v", text, m)
		}
	}
}

func TestIDsAreReadHoweverTheyAreWritten(t *testing.T) {
	var got struct {
		Plain, Escaped, None ID
		Ref, Gone            Ref
	}
	err := json.Unmarshal([]byte(`{"plain":"gid://shopify/Order/7","escaped":"gid:\/\/shopify\/Order\/8","none":null,"ref":{"id":"gid://shopify/Product/9"},"gone":null}`), &got)
	if err != nil || got.Plain != 7 || got.Escaped != 8 || got.None != 0 || got.Ref != 9 || got.Gone != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestBulkLinesAreReadHoweverTheyAreWritten(t *testing.T) {
	for text, want := range map[string]bulkLine{
		`{"id":"gid://shopify/Order/1","note":"\"__parentId\":"}`:                                    {id: "gid://shopify/Order/1"},
		`{"id":"gid://shopify/LineItem/2","title":"a","__parentId":"gid://shopify/Order/1"}`:         {id: "gid://shopify/LineItem/2", parent: "gid://shopify/Order/1"},
		`{"__parentId":"gid://shopify/Order/1","id":"gid://shopify/LineItem/2"}`:                     {id: "gid://shopify/LineItem/2", parent: "gid://shopify/Order/1"},
		`{"id":"gid://shopify/LineItem/2","__parentId":"gid://shopify/Order/1","title":"a"}`:         {id: "gid://shopify/LineItem/2", parent: "gid://shopify/Order/1"},
		`{"id":"gid://shopify/LineItem/2", "title":"a", "__parentId": "gid://shopify/Order/1"}`:      {id: "gid://shopify/LineItem/2", parent: "gid://shopify/Order/1"},
		`{"id":"gid:\/\/shopify\/LineItem\/2","title":"a","__parentId":"gid:\/\/shopify\/Order\/1"}`: {id: "gid://shopify/LineItem/2", parent: "gid://shopify/Order/1"},
		`{"id":"gid://shopify/LineItem/2","title":"a","__parentId":"gid:\/\/shopify\/Order\/1"}`:     {id: "gid://shopify/LineItem/2", parent: "gid://shopify/Order/1"},
		`{"__typename":"ManualDiscountApplication","index":0,"__parentId":"gid://shopify/Order/1"}`:  {parent: "gid://shopify/Order/1"},
		`{"id":"gid://shopify/LineItem/2","title":"a","__parentId":"gid://shopify/Order/1"`:          {err: errLineNoJSON},
		`{"title":"a"}`: {err: errLineNoID},
	} {
		got := bulkLine{text: []byte(text)}
		got.look()
		if got.id != want.id || got.parent != want.parent || got.err != want.err {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
