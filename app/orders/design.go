package orders

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/money"
	"afterglow/app/problem"
	"afterglow/app/store"
)

// The styles of the confirmation.
const (
	StylePlain      = "plain"
	StyleWarm       = "warm"
	StyleReassuring = "reassuring"
	StyleInviting   = "inviting" // with a code for the next order
	StyleSimilar    = "similar"  // with products that go well with the order
)

var styleNames = map[string]string{StylePlain: "Plain", StyleWarm: "Warm welcome", StyleReassuring: "Reassuring", StyleInviting: "Inviting", StyleSimilar: "Similar products"}

// Design is how the merchant wants confirmations to be written. It is kept as
// versioned data by the room messages.
type Design struct {
	Tone         string               `json:"tone"` // "" is the common voice
	DefaultStyle string               `json:"default_style"`
	Rules        []Rule               `json:"rules"`
	Layouts      map[string][]string  `json:"layouts"` // by style: its blocks, in order; absent is the usual one
	Words        map[locale.Tag]Words `json:"words"`   // what the merchant says otherwise, by language
	Signature    Signature            `json:"signature"`
	ReplyTo      Person               `json:"reply_to"`
	SecondColor  string               `json:"second_color"`
	Font         string               `json:"font"` // "" is the reader's own
	Custom       Custom               `json:"custom"`
	Offer        Offer                `json:"offer"` // what the inviting style gives away
}

// Words are the merchant's own texts in one language, with Liquid. An empty one
// leaves ours.
type Words struct {
	Signature string                `json:"signature"`
	Footer    string                `json:"footer"`
	Styles    map[string]StyleWords `json:"styles"`
}

// StyleWords are the texts that belong to one style.
type StyleWords struct {
	Subject   string `json:"subject"`
	Preheader string `json:"preheader"`
	Heading   string `json:"heading"`
	Intro     string `json:"intro"`
}

// Signature is who signs.
type Signature struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	PhotoURL string `json:"photo_url"`
}

// Person reads the answers.
type Person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Custom is the merchant's own template, in Liquid, instead of the blocks.
type Custom struct {
	Enabled bool   `json:"enabled"`
	Source  string `json:"source"`
}

// Rule gives orders that meet all its conditions a style.
type Rule struct {
	Style string      `json:"style"`
	When  []Condition `json:"when"`
}

// Condition is one thing that can be asked of an order.
type Condition struct {
	Kind   string        `json:"kind"`
	Values []string      `json:"values,omitempty"` // of tags and countries: one of them
	Amount *money.Amount `json:"amount,omitempty"`
}

// The kinds of conditions.
const (
	IfFirst       = "first_order"
	IfRepeat      = "repeat_order"
	IfGift        = "gift"
	IfValue       = "value_at_least"
	IfOrderTag    = "order_tag"
	IfCustomerTag = "customer_tag"
	IfCountry     = "country"
)

// The bounds of a design.
const (
	maxRules      = 20
	maxConditions = 6
	maxValues     = 30
	maxLine       = 200
	maxParagraph  = 2000
	maxDesign     = 200 << 10
)

var errDesign = problem.New(problem.Invalid, "orders.design_invalid", "Some of this cannot be used. See the fields.")

// builtIn is the design of a shop that published none.
func builtIn() Design {
	d := Design{DefaultStyle: StylePlain}
	d.complete()
	return d
}

// complete puts empty lists and maps where a document has none.
func (d *Design) complete() {
	if d.Rules == nil {
		d.Rules = []Rule{}
	}
	if d.Layouts == nil {
		d.Layouts = map[string][]string{}
	}
	if d.Words == nil {
		d.Words = map[locale.Tag]Words{}
	}
	d.Offer.complete()
	for _, style := range mail.ConfirmationStyles {
		if len(d.Layouts[style]) == 0 {
			d.Layouts[style] = mail.ConfirmationLayout(style)
		}
	}
}

// readDesign reads a stored design; none is the built-in one.
func readDesign(stored messages.Design) (Design, error) {
	if len(stored.Document) == 0 {
		return builtIn(), nil
	}
	var d Design
	if err := json.Unmarshal(stored.Document, &d); err != nil {
		return d, fmt.Errorf("read design %d: %w", stored.Version, err)
	}
	d.complete()
	return d, nil
}

// publishedDesign is the design in use, and its version.
func publishedDesign(tx *store.Tx) (Design, int, error) {
	stored, err := messages.Published(tx, KindConfirmation)
	if err != nil {
		return Design{}, 0, err
	}
	d, err := readDesign(stored)
	return d, stored.Version, err
}

var (
	colour  = regexp.MustCompile(`\A#[0-9a-f]{6}\z`)
	country = regexp.MustCompile(`\A[A-Z]{2}\z`)
)

// Validate brings the design into its stored form and tells what is wrong with
// it, field by field. What a mail must not lack is the linter's business.
func (d *Design) Validate() error {
	d.complete()
	v := &complaints{}
	if d.Tone != "" && !slices.Contains(locale.Tones, d.Tone) {
		v.add("tone", "Choose one of the tones.")
	}
	v.style("default_style", d.DefaultStyle)
	v.rules(d.Rules)
	for style, blocks := range d.Layouts {
		v.style("layouts", style)
		for i, b := range blocks {
			if !slices.Contains(mail.ConfirmationBlocks, b) || slices.Contains(blocks[:i], b) {
				v.add("layouts."+style, "Use each block once at most.")
			}
		}
	}
	for tag, w := range d.Words {
		if !slices.Contains(locale.Supported, tag) {
			v.add("words", "This language is not one of ours.")
		}
		at := "words." + string(tag)
		v.text(at+".signature", &w.Signature, maxParagraph, true)
		v.text(at+".footer", &w.Footer, maxParagraph, true)
		for style, s := range w.Styles {
			v.style(at, style)
			v.text(at+"."+style+".subject", &s.Subject, maxLine, false)
			v.text(at+"."+style+".preheader", &s.Preheader, maxLine, false)
			v.text(at+"."+style+".heading", &s.Heading, maxLine, false)
			v.text(at+"."+style+".intro", &s.Intro, maxParagraph, true)
			w.Styles[style] = s
		}
		d.Words[tag] = w
	}
	v.text("signature.name", &d.Signature.Name, 100, false)
	v.text("signature.title", &d.Signature.Title, 100, false)
	v.text("signature.photo_url", &d.Signature.PhotoURL, 500, false)
	if d.Signature.PhotoURL != "" && !webAddress(d.Signature.PhotoURL) {
		v.add("signature.photo_url", "Enter an address that begins with https://.")
	}
	if d.Signature.Name == "" && d.Signature.PhotoURL != "" {
		v.add("signature.name", "Enter the name that belongs to the photo.")
	}
	v.text("reply_to.name", &d.ReplyTo.Name, 100, false)
	v.text("reply_to.email", &d.ReplyTo.Email, 320, false)
	if a, err := mail.ParseAddress(d.ReplyTo.Email); d.ReplyTo.Email != "" && (err != nil || a.Email != d.ReplyTo.Email) {
		v.add("reply_to.email", "Enter one e-mail address, such as maya@example.com.")
	}
	if d.ReplyTo.Email == "" && d.ReplyTo.Name != "" {
		v.add("reply_to.email", "Enter the address at which this person reads answers.")
	}
	d.Offer.validate(v)
	d.SecondColor = strings.ToLower(strings.TrimSpace(d.SecondColor))
	if d.SecondColor != "" && !colour.MatchString(d.SecondColor) {
		v.add("second_color", "Enter a colour such as #b4532a, or nothing.")
	} else if d.SecondColor != "" && mail.Contrast(d.SecondColor, "#ffffff") < 3 {
		v.add("second_color", fmt.Sprintf("This colour has a contrast of %.1f on white; shapes need 3. Choose a darker one.", mail.Contrast(d.SecondColor, "#ffffff")))
	}
	if d.Font != "" && !slices.Contains(mail.Fonts, d.Font) {
		v.add("font", "Choose one of the fonts.")
	}
	if d.Custom.Enabled && strings.TrimSpace(d.Custom.Source) == "" {
		v.add("custom.source", "The template is empty. Begin with the built-in one.")
	}
	if len(d.Custom.Source) > mail.MaxSource {
		v.add("custom.source", fmt.Sprintf("The template is larger than %d KiB.", mail.MaxSource>>10))
	}
	if len(v.wrong) > 0 {
		return errDesign.WithFields(v.wrong...)
	}
	return nil
}

type complaints struct{ wrong []problem.Field }

func (v *complaints) add(field, detail string) {
	v.wrong = append(v.wrong, problem.Field{Field: field, Detail: detail})
}

func (v *complaints) style(field, style string) {
	if !slices.Contains(mail.ConfirmationStyles, style) {
		v.add(field, "Choose one of the styles.")
	}
}

func (v *complaints) text(field string, text *string, limit int, lines bool) {
	*text = strings.TrimSpace(strings.ReplaceAll(*text, "\r\n", "\n"))
	switch {
	case utf8.RuneCountInString(*text) > limit:
		v.add(field, fmt.Sprintf("This is longer than %d characters.", limit))
	case strings.ContainsAny(*text, "\x00\r") || !lines && strings.Contains(*text, "\n"):
		v.add(field, "Line breaks cannot be used here.")
	}
}

func (v *complaints) rules(rules []Rule) {
	if len(rules) > maxRules {
		v.add("rules", fmt.Sprintf("Use %d rules at most.", maxRules))
	}
	for i := range rules {
		r, at := &rules[i], fmt.Sprintf("rules.%d", i)
		v.style(at+".style", r.Style)
		if len(r.When) == 0 || len(r.When) > maxConditions {
			v.add(at, fmt.Sprintf("A rule needs one to %d conditions.", maxConditions))
		}
		for j := range r.When {
			v.condition(fmt.Sprintf("%s.when.%d", at, j), &r.When[j])
		}
	}
}

func (v *complaints) condition(at string, c *Condition) {
	values := []string{}
	for _, s := range c.Values {
		if s = strings.TrimSpace(clean(s)); c.Kind == IfCountry {
			s = strings.ToUpper(s)
		}
		if s != "" && !slices.Contains(values, s) {
			values = append(values, s)
		}
	}
	c.Values = values
	switch c.Kind {
	case IfFirst, IfRepeat, IfGift:
		c.Values, c.Amount = nil, nil
	case IfValue:
		c.Values = nil
		if c.Amount == nil || c.Amount.Minor <= 0 || c.Amount.Currency == "" {
			v.add(at, "Enter an amount above zero.")
		} else if _, err := money.Parse("0", c.Amount.Currency); err != nil {
			v.add(at, "This currency does not exist.")
		}
	case IfOrderTag, IfCustomerTag, IfCountry:
		c.Amount = nil
		switch {
		case len(values) == 0:
			v.add(at, map[bool]string{true: "Enter at least one country code, such as DE.", false: "Enter at least one tag."}[c.Kind == IfCountry])
		case len(values) > maxValues || slices.ContainsFunc(values, func(s string) bool { return utf8.RuneCountInString(s) > 100 }):
			v.add(at, "This list is too long.")
		case c.Kind == IfCountry && slices.ContainsFunc(values, func(s string) bool { return !country.MatchString(s) }):
			v.add(at, "Write countries as two letters, such as DE, FR, JP.")
		}
	default:
		v.add(at, "This condition does not exist.")
	}
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil
}
