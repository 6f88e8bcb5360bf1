// Package money counts in whole minor units of a currency: cents of a dollar,
// yen, fils of a dinar. There is no floating point in it, and adding two
// currencies is an error, not a number.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Amount is a sum of money. The zero value is nothing, in no currency, and may
// be added to any amount.
type Amount struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"` // ISO 4217, upper case
}

// ErrMixed says that two amounts of different currencies met.
var ErrMixed = errors.New("amounts of different currencies cannot be added or compared")

// ErrRange says that a sum does not fit into 64 bits of minor units.
var ErrRange = errors.New("amount is out of range")

// exponents lists the currencies whose minor unit is not a hundredth
// (ISO 4217). Shopify writes amounts with these many decimals or more.
var exponents = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
	"UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// Exponent tells how many decimals the currency's minor unit stands for.
func Exponent(currency string) int {
	if e, ok := exponents[currency]; ok {
		return e
	}
	return 2
}

// New returns an amount of minor units.
func New(minor int64, currency string) Amount { return Amount{minor, currency} }

// Parse reads a decimal string as Shopify writes it ("12.30", "-0.5", "1200").
// Decimals beyond the minor unit must be zeros: a tenth of a cent is refused,
// not rounded. It fails for an empty or unknown form and for a currency that is
// not three letters.
func Parse(decimal, currency string) (Amount, error) {
	if !isCurrency(currency) {
		return Amount{}, fmt.Errorf("currency %q: want three capital letters", currency)
	}
	minor, err := parseMinor(decimal, Exponent(currency))
	if err != nil {
		return Amount{}, fmt.Errorf("amount %q %s: %w", decimal, currency, err)
	}
	return Amount{minor, currency}, nil
}

func isCurrency(c string) bool {
	return len(c) == 3 && strings.IndexFunc(c, func(r rune) bool { return r < 'A' || r > 'Z' }) < 0
}

func parseMinor(s string, exponent int) (int64, error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return 0, errors.New("want a decimal number such as 12.30")
	}
	if len(fraction) > exponent {
		if strings.Trim(fraction[exponent:], "0") != "" {
			return 0, fmt.Errorf("more than %d decimals", exponent)
		}
		fraction = fraction[:exponent]
	}
	fraction += strings.Repeat("0", exponent-len(fraction))
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil {
		return 0, ErrRange
	}
	if negative {
		n = -n
	}
	return n, nil
}

// Decimal returns the amount as Shopify writes it, "12.30".
func (a Amount) Decimal() string {
	e := Exponent(a.Currency)
	sign, u := "", uint64(a.Minor)
	if a.Minor < 0 {
		sign, u = "-", uint64(-a.Minor)
	}
	s := strconv.FormatUint(u, 10)
	if e == 0 {
		return sign + s
	}
	if len(s) <= e {
		s = strings.Repeat("0", e+1-len(s)) + s
	}
	return sign + s[:len(s)-e] + "." + s[len(s)-e:]
}

// String returns amount and currency, for logs: "12.30 USD".
func (a Amount) String() string { return a.Decimal() + " " + a.Currency }

// IsZero tells whether the amount is nothing, in whatever currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Sign is -1, 0 or 1.
func (a Amount) Sign() int {
	switch {
	case a.Minor < 0:
		return -1
	case a.Minor > 0:
		return 1
	}
	return 0
}

// Neg returns the amount with the other sign.
func (a Amount) Neg() Amount { return Amount{-a.Minor, a.Currency} }

// Add returns a + b. It returns ErrMixed or ErrRange.
func (a Amount) Add(b Amount) (Amount, error) {
	c, err := common(a, b)
	if err != nil {
		return Amount{}, err
	}
	sum := a.Minor + b.Minor
	if (sum > a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, ErrRange
	}
	return Amount{sum, c}, nil
}

// Sub returns a - b. It returns ErrMixed or ErrRange.
func (a Amount) Sub(b Amount) (Amount, error) {
	if b.Minor == math.MinInt64 {
		return Amount{}, ErrRange
	}
	return a.Add(b.Neg())
}

// Times returns the amount n times. It returns ErrRange.
func (a Amount) Times(n int64) (Amount, error) {
	p := new(big.Int).Mul(big.NewInt(a.Minor), big.NewInt(n))
	if !p.IsInt64() {
		return Amount{}, ErrRange
	}
	return Amount{p.Int64(), a.Currency}, nil
}

// Sum adds amounts of one currency. The sum of nothing is nothing in currency.
func Sum(currency string, amounts ...Amount) (Amount, error) {
	total := Amount{0, currency}
	for _, a := range amounts {
		var err error
		if total, err = total.Add(a); err != nil {
			return Amount{}, err
		}
	}
	return total, nil
}

func common(a, b Amount) (string, error) {
	switch {
	case a.Currency == b.Currency, b.Currency == "" && b.Minor == 0:
		return a.Currency, nil
	case a.Currency == "" && a.Minor == 0:
		return b.Currency, nil
	}
	return "", fmt.Errorf("%w: %s and %s", ErrMixed, a.Currency, b.Currency)
}

// Allocate splits the amount over the weights by largest remainder: the parts
// add up to the amount exactly, and equal remainders favour the earlier part.
// It panics on a negative weight; without any weight the first part takes all.
func (a Amount) Allocate(weights ...int64) []Amount {
	parts := make([]Amount, len(weights))
	if len(weights) == 0 {
		return parts
	}
	total := new(big.Int)
	for i, w := range weights {
		if w < 0 {
			panic("money: negative weight")
		}
		parts[i].Currency = a.Currency
		total.Add(total, big.NewInt(w))
	}
	if total.Sign() == 0 {
		parts[0].Minor = a.Minor
		return parts
	}
	left := a.Minor
	remainders := make([]*big.Int, len(weights))
	for i, w := range weights {
		q, r := new(big.Int).QuoRem(new(big.Int).Mul(big.NewInt(a.Minor), big.NewInt(w)), total, new(big.Int))
		parts[i].Minor, remainders[i] = q.Int64(), r.Abs(r)
		left -= parts[i].Minor
	}
	for step := int64(a.Sign()); left != 0; left -= step {
		best := 0
		for i := range remainders {
			if remainders[i].Cmp(remainders[best]) > 0 {
				best = i
			}
		}
		parts[best].Minor += step
		remainders[best] = big.NewInt(-1)
	}
	return parts
}
