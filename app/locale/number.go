package locale

import (
	"encoding/json"
	"strconv"
	"strings"

	"afterglow/app/money"
)

type numberFormat struct {
	Digits          string `json:"digits"`
	Group           string `json:"group"`
	Decimal         string `json:"decimal"`
	MinGrouping     int    `json:"min_grouping"` // digits before the first group separator: Spanish writes 1234 but 12.345
	Negative        string `json:"negative"`     // # stands for the number
	Percent         string `json:"percent"`
	PercentNegative string `json:"percent_negative"`

	runes []rune // Digits, one by one
}

type moneyFormat struct {
	Patterns [][2]string         `json:"patterns"` // positive and negative; # the number, ¤ the symbol
	Symbols  map[string]moneyRow `json:"symbols"`
}

// moneyRow is written as a pair, ["€", 1].
type moneyRow struct {
	Symbol  string
	Pattern int
}

func (r *moneyRow) UnmarshalJSON(b []byte) error {
	pair := [2]any{&r.Symbol, &r.Pattern}
	return json.Unmarshal(b, &pair)
}

// noSymbol is the row of a currency that has a code but no symbol.
const noSymbol = "ZZZ"

// Number writes a whole number with the language's digits and group separators.
func (t Tag) Number(n int64) string {
	f := &t.formats().Number
	s := f.write(magnitude(n), 0)
	if n < 0 {
		return strings.Replace(f.Negative, "#", s, 1)
	}
	return s
}

// Percent writes a share given in hundredths of a percent: 1250 is 12.5 %.
func (t Tag) Percent(basisPoints int64) string {
	f := &t.formats().Number
	u, decimals := magnitude(basisPoints), 2
	for decimals > 0 && u%10 == 0 {
		u, decimals = u/10, decimals-1
	}
	pattern := f.Percent
	if basisPoints < 0 {
		pattern = f.PercentNegative
	}
	return strings.Replace(pattern, "#", f.write(u, decimals), 1)
}

// Money writes an amount with the language's symbol for its currency, or the
// currency's code where it has none.
func (t Tag) Money(a money.Amount) string {
	f := t.formats()
	symbol, patterns := f.Money.row(a.Currency)
	u, decimals := shown(a)
	pattern := patterns[0]
	if a.Minor < 0 {
		pattern = patterns[1]
	}
	var b strings.Builder
	for _, r := range pattern {
		switch r {
		case '#':
			b.WriteString(f.Number.write(u, decimals))
		case '¤':
			b.WriteString(symbol)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// shown returns the digits of an amount and how many of them are decimals. Zeros
// that CLDR does not show for the currency are cut off, other digits never.
func shown(a money.Amount) (u uint64, decimals int) {
	u, decimals = magnitude(a.Minor), money.Exponent(a.Currency)
	usual, ok := cldr.CurrencyDigits[a.Currency]
	if !ok {
		usual = 2
	}
	for n := decimals - usual; n > 0; n-- {
		if u%10 != 0 {
			return magnitude(a.Minor), money.Exponent(a.Currency)
		}
		u, decimals = u/10, decimals-1
	}
	return u, decimals
}

func (f *moneyFormat) row(currency string) (symbol string, patterns [2]string) {
	if row, ok := f.Symbols[currency]; ok {
		return row.Symbol, f.Patterns[row.Pattern]
	}
	return currency, f.Patterns[f.Symbols[noSymbol].Pattern]
}

// write writes u, whose last digits are decimals.
func (f *numberFormat) write(u uint64, decimals int) string {
	s := strconv.FormatUint(u, 10)
	if len(s) <= decimals {
		s = strings.Repeat("0", decimals+1-len(s)) + s
	}
	whole, fraction := s[:len(s)-decimals], s[len(s)-decimals:]
	var b strings.Builder
	grouped := len(whole) >= 3+f.MinGrouping
	for i, c := range whole {
		if grouped && i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(f.Group)
		}
		b.WriteRune(f.runes[c-'0'])
	}
	if decimals > 0 {
		b.WriteString(f.Decimal)
		for _, c := range fraction {
			b.WriteRune(f.runes[c-'0'])
		}
	}
	return b.String()
}

// magnitude is safe for the smallest int64, whose negation does not exist.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
