package money

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in, currency string
		want         int64
		bad          bool
	}{
		{"12.30", "USD", 1230, false},
		{"12.3", "USD", 1230, false},
		{"12", "USD", 1200, false},
		{"-0.05", "USD", -5, false},
		{"1200", "JPY", 1200, false},
		{"1200.00", "JPY", 1200, false},
		{"1.234", "KWD", 1234, false},
		{"0.001", "USD", 0, true},
		{"1200.50", "JPY", 0, true},
		{"", "USD", 0, true},
		{".5", "USD", 0, true},
		{"1e3", "USD", 0, true},
		{"+1", "USD", 0, true},
		{"1,000.00", "USD", 0, true},
		{"99999999999999999999", "USD", 0, true},
		{"1.00", "usd", 0, true},
		{"1.00", "", 0, true},
	} {
		got, err := Parse(c.in, c.currency)
		if (err != nil) != c.bad || got.Minor != c.want {
			t.Errorf("Parse(%q, %q) = %v, %v; want %d, error %v", c.in, c.currency, got, err, c.want, c.bad)
		}
	}
}

func TestDecimalIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := New(rapid.Int64Range(math.MinInt64+1, math.MaxInt64).Draw(t, "minor"), rapid.SampledFrom([]string{"USD", "JPY", "KWD"}).Draw(t, "currency"))
		if b, err := Parse(a.Decimal(), a.Currency); err != nil || a != b {
			t.Fatalf("%v read back as %v, %v", a, b, err)
		}
	})
}

func TestAddRefusesMixedAndOverflow(t *testing.T) {
	if _, err := New(1, "USD").Add(New(1, "EUR")); !errors.Is(err, ErrMixed) {
		t.Errorf("mixed currencies: %v", err)
	}
	if _, err := New(math.MaxInt64, "USD").Add(New(1, "USD")); !errors.Is(err, ErrRange) {
		t.Errorf("overflow: %v", err)
	}
	if _, err := New(-2, "USD").Sub(New(math.MinInt64, "USD")); !errors.Is(err, ErrRange) {
		t.Errorf("negating the smallest: %v", err)
	}
	if got, err := (Amount{}).Add(New(5, "USD")); err != nil || got != New(5, "USD") {
		t.Errorf("nothing plus five = %v, %v", got, err)
	}
}

func TestAllocateLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := New(rapid.Int64().Draw(t, "minor"), "USD")
		weights := rapid.SliceOfN(rapid.Int64Range(0, math.MaxInt64), 1, 12).Draw(t, "weights")
		sum, err := Sum("USD", a.Allocate(weights...)...)
		if err != nil || sum != a {
			t.Fatalf("parts of %v over %v add up to %v, %v", a, weights, sum, err)
		}
	})
}

func TestAllocateIsFair(t *testing.T) {
	got := New(100, "USD").Allocate(1, 1, 1)
	if got[0].Minor != 34 || got[1].Minor != 33 || got[2].Minor != 33 {
		t.Errorf("100 over three = %v", got)
	}
}
