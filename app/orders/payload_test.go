package orders

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"afterglow/app/problem"
)

func published(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "published", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// changed is the published order with some fields set, or dropped when nil is a
// missing field's marker.
func changed(t testing.TB, changes map[string]any) []byte {
	t.Helper()
	var m map[string]any
	d := json.NewDecoder(strings.NewReader(string(published(t, "2026-07-orders-create.json"))))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	for k, v := range changes {
		if v == drop {
			delete(m, k)
			continue
		}
		m[k] = v
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const drop = "\x00drop"

func TestParseRefuses(t *testing.T) {
	valid := published(t, "2026-07-orders-create.json")
	for _, c := range []struct {
		name, wants string
		body        []byte
	}{
		{"nothing", "not a JSON object", nil},
		{"null", "not a JSON object", []byte("null")},
		{"a list", "not a JSON object", []byte("[]")},
		{"cut off", "cut off", valid[:len(valid)/2]},
		{"two values", "cut off", append(append([]byte{}, valid...), valid...)},
		{"no id", "order id", changed(t, map[string]any{"id": drop})},
		{"id is null", "order id", changed(t, map[string]any{"id": nil})},
		{"id is negative", "order id", changed(t, map[string]any{"id": -1})},
		{"id is a fraction", "order id", changed(t, map[string]any{"id": json.Number("1.5")})},
		{"id beyond 64 bits", "order id", changed(t, map[string]any{"id": json.Number("99999999999999999999")})},
		{"no currency", "currency", changed(t, map[string]any{"currency": nil})},
		{"odd currency", "currency", changed(t, map[string]any{"currency": "DOLLARS"})},
		{"no total", "total_price", changed(t, map[string]any{"total_price": nil, "total_price_set": nil})},
		{"total is a word", "total_price", changed(t, map[string]any{"total_price": "lots", "total_price_set": nil})},
		{"total is a list", "total_price", changed(t, map[string]any{"total_price": []any{1}, "total_price_set": nil})},
		{"a tenth of a cent", "subtotal_price", changed(t, map[string]any{"subtotal_price": "1.001", "subtotal_price_set": nil})},
		{"scientific", "total_tax", changed(t, map[string]any{"total_tax": json.Number("1e9"), "total_tax_set": nil})},
		{"a fortune", "total_price", changed(t, map[string]any{"total_price": "99999999999999.00", "total_price_set": nil})},
		{"negative quantity", "quantity", changed(t, map[string]any{"line_items": []any{map[string]any{"id": 1, "quantity": -1, "price": "1.00"}}})},
		{"more left than bought", "quantity", changed(t, map[string]any{"line_items": []any{map[string]any{"id": 1, "quantity": 1, "current_quantity": 2, "price": "1.00"}}})},
		{"a line out of range", "range", changed(t, map[string]any{"line_items": []any{map[string]any{"id": 1, "quantity": 10_000_000, "price": "999999999999.00"}}})},
		{"a line without words for money", "line_items.price", changed(t, map[string]any{"line_items": []any{map[string]any{"id": 1, "quantity": 1, "price": "free"}}})},
	} {
		_, err := Parse(c.body)
		if !errors.Is(err, ErrPayload) || problem.Retryable(err) {
			t.Errorf("%s: %v, want ErrPayload", c.name, err)
			continue
		}
		if detail := problem.Of(err).Detail; !strings.Contains(detail, c.wants) {
			t.Errorf("%s: %q does not say %q", c.name, detail, c.wants)
		}
	}
}

func TestParseTakesWhatIsMissing(t *testing.T) {
	var all map[string]any
	if err := json.Unmarshal(published(t, "2026-07-orders-create.json"), &all); err != nil {
		t.Fatal(err)
	}
	needed := map[string]bool{"id": true, "currency": true}
	for field := range all {
		if needed[field] {
			continue
		}
		for name, v := range map[string]any{"missing": drop, "null": nil, "empty text": "", "empty object": map[string]any{}, "empty list": []any{}, "true": true} {
			o, err := Parse(changed(t, map[string]any{field: v}))
			if err != nil {
				if _, money := v.(bool); money && errors.Is(err, ErrPayload) {
					continue // "true" is no amount
				}
				t.Errorf("%s %s: %v", field, name, err)
				continue
			}
			if wrong := addsUp(Sum(o)); wrong != "" {
				t.Errorf("%s %s: %s", field, name, wrong)
			}
		}
	}
}

func TestParseReadsOddForms(t *testing.T) {
	o, err := Parse(changed(t, map[string]any{
		"id": "820982911946154508", "total_price": json.Number("404.95"), "total_price_set": nil, "email": "not an address", "contact_email": "jon@example.com",
		"processed_at": "yesterday", "created_at": "2026-11-21T10:00:00.1234567+09:00", "updated_at": 17, "note": "a\x00b\xffc",
		"line_items": []any{nil, 7, "x", []any{}, map[string]any{"id": 5, "quantity": "2", "price": json.Number("1"), "properties": map[string]any{}, "title": nil, "name": "By name",
			"discount_allocations": []any{map[string]any{"amount": "0.50", "discount_application_index": 99}}}},
		"payment_gateway_names": []any{"visa", nil, 3, map[string]any{}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if o.ID != 820982911946154508 || o.Email != "jon@example.com" || o.Bought.Total.Shop != 40495 || !o.UpdatedAt.IsZero() {
		t.Errorf("order %+v", o)
	}
	if want := time.Date(2026, 11, 21, 1, 0, 0, 123456000, time.UTC); !o.PlacedAt.Equal(want) {
		t.Errorf("placed at %v, want %v", o.PlacedAt, want)
	}
	if strings.ContainsRune(o.Note, 0) || !utf8.ValidString(o.Note) {
		t.Errorf("note %q", o.Note)
	}
	if len(o.Lines) != 1 || o.Lines[0].Title != "By name" || o.Lines[0].Quantity != 2 || o.Lines[0].Allocations[0].Discount != -1 {
		t.Errorf("lines %+v", o.Lines)
	}
	if len(o.Gateways) != 2 {
		t.Errorf("gateways %q", o.Gateways)
	}
}

func TestLostPresentmentFallsBackToTheShopsMoney(t *testing.T) {
	o, err := Parse(changed(t, map[string]any{"presentment_currency": "EUR"})) // the sets say USD on both sides
	if err != nil {
		t.Fatal(err)
	}
	if o.PresentmentCurrency != "USD" || o.Bought.Total != (Price{40495, 40495}) {
		t.Errorf("presentment %s %v, want the shop's", o.PresentmentCurrency, o.Bought.Total)
	}
}

func TestHugePayloads(t *testing.T) {
	lines := make([]any, 5_000)
	for i := range lines {
		lines[i] = map[string]any{"id": i + 1, "quantity": 1, "price": "1.00", "title": strings.Repeat("x", 200)}
	}
	b := changed(t, map[string]any{"line_items": lines, "note": strings.Repeat("n", 500_000)})
	o, err := Parse(b)
	if err != nil || len(o.Lines) != 5_000 || len(o.Note) > maxText {
		t.Errorf("%d lines, note of %d, %v", len(o.Lines), len(o.Note), err)
	}
	deep := `{"id":1,"currency":"USD","total_price":"1.00","x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`
	if _, err := Parse([]byte(deep)); err != nil && !errors.Is(err, ErrPayload) {
		t.Errorf("deep: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/published/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no published examples", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"id":1,"currency":"USD","total_price":"1.00","line_items":[{"quantity":3,"current_quantity":1,"price":"-1.00","discount_allocations":[{"amount":"5"}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := Parse(b)
		if err != nil {
			if !errors.Is(err, ErrPayload) {
				t.Fatalf("%v is not ErrPayload", err)
			}
			return
		}
		if wrong := addsUp(Sum(o)); wrong != "" {
			t.Fatalf("%s: %s", wrong, b)
		}
		if _, err := json.Marshal(o); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	body := published(b, "2026-07-orders-create.json")
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := Parse(body); err != nil {
			b.Fatal(err)
		}
	}
}
