package mail

import (
	"math"
	"strconv"

	"afterglow/app/locale"
)

// A Brand is the colours of a shop, each as "#rrggbb". Colours that are missing
// or are none get a quiet default.
type Brand struct {
	Accent     string // buttons
	AccentText string // on Accent; by default black or white, whichever reads better
	Background string // around the card, and boxes inside it
	Surface    string // the card
	Text       string
	Muted      string // labels and details
	Font       string // one of Fonts; by default the reader's own
	Second     string // the line above the card and what is done of an order's way; by default Accent
}

var defaultBrand = Brand{Accent: "#1f2328", Background: "#f4f3f1", Surface: "#ffffff", Text: "#1f2328", Muted: "#656a71"}

// data is the brand as templates see it, in a language.
func (b Brand) data(tag locale.Tag) map[string]any {
	pick := func(given, otherwise string) string {
		if _, ok := rgb(given); ok {
			return given
		}
		return otherwise
	}
	accent := pick(b.Accent, defaultBrand.Accent)
	surface := pick(b.Surface, defaultBrand.Surface)
	readable := "#ffffff"
	if contrast(accent, "#ffffff") < contrast(accent, "#111111") {
		readable = "#111111"
	}
	muted := pick(b.Muted, defaultBrand.Muted)
	second := pick(b.Second, accent)
	return map[string]any{
		"accent":      accent,
		"accent_text": pick(b.AccentText, readable),
		"background":  pick(b.Background, defaultBrand.Background),
		"surface":     surface,
		"text":        pick(b.Text, defaultBrand.Text),
		"muted":       muted,
		"second":      second,
		"accent_dark": onDark(accent),
		"second_dark": onDark(second),
		"font":        fontStack(b.Font, tag),
		"line":        blend(pick(b.Text, defaultBrand.Text), surface, 0.12),
	}
}

// brandOf reads the colours that a letter's data bring along.
func brandOf(data map[string]any) Brand {
	m, _ := data["brand"].(map[string]any)
	get := func(key string) string { s, _ := m[key].(string); return s }
	return Brand{Accent: get("accent"), AccentText: get("accent_text"), Background: get("background"), Surface: get("surface"),
		Text: get("text"), Muted: get("muted"), Font: get("font"), Second: get("second")}
}

// over is b with what it lacks taken from under.
func (b Brand) over(under Brand) Brand {
	for _, c := range []struct{ top, under *string }{
		{&b.Accent, &under.Accent}, {&b.AccentText, &under.AccentText}, {&b.Background, &under.Background},
		{&b.Surface, &under.Surface}, {&b.Text, &under.Text}, {&b.Muted, &under.Muted}, {&b.Font, &under.Font}, {&b.Second, &under.Second},
	} {
		if *c.top == "" {
			*c.top = *c.under
		}
	}
	return b
}

// rgb reads "#rrggbb".
func rgb(s string) (c [3]int64, ok bool) {
	if len(s) != 7 || s[0] != '#' {
		return c, false
	}
	for i := range c {
		n, err := strconv.ParseUint(s[1+2*i:3+2*i], 16, 8)
		if err != nil {
			return c, false
		}
		c[i] = int64(n)
	}
	return c, true
}

// luminance and contrast are as WCAG 2 defines them.
func luminance(s string) float64 {
	c, _ := rgb(s)
	var l float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(c[i]) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		l += weight * v
	}
	return l
}

// Contrast is how well two colours can be told apart, from 1 to 21; text wants
// 4.5 and shapes 3. What is no colour has none.
func Contrast(a, b string) float64 {
	_, first := rgb(a)
	_, second := rgb(b)
	if !first || !second {
		return 1
	}
	return contrast(a, b)
}

func contrast(a, b string) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// darkBox is the lightest ground that the templates have in dark colours.
const darkBox = "#28282c"

// onDark is a colour, with as much white as a shape needs to be seen on it.
func onDark(color string) string {
	lighter := color
	for share := 0.9; contrast(lighter, darkBox) < 3 && share > 0; share -= 0.1 {
		lighter = blend(color, "#ffffff", share)
	}
	return lighter
}

// blend mixes share of a into b.
func blend(a, b string, share float64) string {
	ca, _ := rgb(a)
	cb, _ := rgb(b)
	out := []byte("#")
	for i := range ca {
		v := uint64(math.Round(share*float64(ca[i]) + (1-share)*float64(cb[i])))
		if v < 16 {
			out = append(out, '0')
		}
		out = strconv.AppendUint(out, v, 16)
	}
	return string(out)
}
