package story

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
)

// placed is the simulation's answer to an order, so far as the tests look at it.
type placed struct {
	Order struct {
		ID         json.RawMessage `json:"id"`
		Name       string          `json:"name"`
		TotalPrice string          `json:"total_price"`
		Discounts  string          `json:"total_discounts"`
	} `json:"order"`
}

func (p placed) id() string { return strings.Trim(string(p.Order.ID), `"`) }

type object = map[string]any

func persianOrder(email string) object {
	return object{
		"customer": object{"email": email, "first_name": "سارا", "last_name": "احمدی", "locale": "fa"},
		"locale":   "fa",
		"lines":    []object{{"quantity": 2}},
		"discount": object{"type": "percentage", "value": "10", "code": "NOWRUZ"},
	}
}

func (d *demo) order(body object) placed {
	d.t.Helper()
	var p placed
	d.call(http.MethodPost, d.Addresses.SimURL+"/sim/api/orders", body, &p, http.StatusCreated)
	return p
}

// latin turns Persian and Arabic digits and separators into what ParseFloat reads.
func latin(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '۰' && r <= '۹':
			return '0' + r - '۰'
		case r >= '٠' && r <= '٩':
			return '0' + r - '٠'
		case r == '٫':
			return '.'
		case r == '٬' || r == ',' || r == '\u200e' || r == '\u200f' || r == '\u061c':
			return -1
		}
		return r
	}, s)
}

// An order with a discount for a shopper who reads Persian: exactly one
// confirmation, in Persian, from right to left, with the order's own total.
func TestPersianOrderWithDiscount(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	const to = "sara@example.com"
	began := time.Now()
	p := d.order(persianOrder(to))
	m := d.exactlyOne(to, 15*time.Second, 3*time.Second)
	t.Logf("order %s: mail after %v", p.Order.Name, m.At.Sub(began).Round(time.Millisecond))

	for _, want := range []string{`dir="rtl"`, `lang="fa"`} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("the mail lacks %s", want)
		}
	}
	if p.Order.TotalPrice == "" || p.Order.Discounts == "0.00" {
		t.Fatalf("the simulation placed an odd order: %+v", p)
	}
	for part, text := range map[string]string{"HTML": m.HTML, "text": m.Text} {
		plain := latin(text)
		for what, want := range map[string]string{"total": p.Order.TotalPrice, "discount": p.Order.Discounts, "discount code": "NOWRUZ"} {
			if !strings.Contains(plain, want) {
				t.Errorf("the %s part lacks the %s %s", part, what, want)
			}
		}
		if !strings.Contains(plain, strings.TrimPrefix(p.Order.Name, "#")) {
			t.Errorf("the %s part lacks the order's name %s", part, p.Order.Name)
		}
	}
	if share := persianShare(m.Text); share < 0.5 {
		t.Errorf("only %.0f %% of the letters are Persian:\n%s", share*100, m.Text)
	}
	if persianShare(m.Subject) < 0.5 {
		t.Errorf("the subject is not Persian: %s", m.Subject)
	}
}

// persianShare is how many of the letters are Arabic script, without addresses.
func persianShare(s string) float64 {
	letters, persian := 0, 0
	for word := range strings.FieldsSeq(s) {
		if strings.ContainsAny(word, "@/") {
			continue
		}
		for _, r := range word {
			if !unicode.IsLetter(r) {
				continue
			}
			letters++
			if unicode.Is(unicode.Arabic, r) {
				persian++
			}
		}
	}
	if letters == 0 {
		return 0
	}
	return float64(persian) / float64(letters)
}

// The same webhook fifty times: still one mail.
func TestSameWebhookFiftyTimes(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	const to, times = "again@example.com", 50
	p := d.order(object{"customer": object{"email": to}, "lines": []object{{"quantity": 1}}})
	d.exactlyOne(to, 15*time.Second, 0)

	d.call(http.MethodPost, d.Addresses.SimURL+"/sim/api/orders/"+p.id()+"/webhooks", object{"topic": "orders/create", "times": times}, nil, http.StatusAccepted)
	deadline := time.Now().Add(30 * time.Second)
	for {
		var sent struct {
			Counts map[string]int `json:"counts"`
		}
		d.call(http.MethodGet, d.Addresses.SimURL+"/sim/api/deliveries?topic=orders/create&order_id="+p.id(), nil, &sent, http.StatusOK)
		if sent.Counts["failed"] > 0 {
			t.Fatalf("the program refused a repetition: %v", sent.Counts)
		}
		if sent.Counts["delivered"] > times {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not all repetitions were taken: %v", sent.Counts)
		}
		time.Sleep(50 * time.Millisecond)
	}
	d.exactlyOne(to, time.Second, 4*time.Second)
}

// The power goes at some moment between order and mail, the program starts again:
// one mail, not none and not two. The moments sweep over the whole path.
func TestPowerCutBetweenOrderAndMail(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	// A first order shows how long the path is when nothing is cut.
	began := time.Now()
	d.order(object{"customer": object{"email": "first@example.com"}})
	d.exactlyOne("first@example.com", 15*time.Second, 0)
	path := time.Since(began)
	t.Logf("undisturbed: %v", path.Round(time.Millisecond))

	cutShort := 0
	for i, part := range []float64{0, 0.2, 0.4, 0.6, 0.8, 1.0} {
		to := fmt.Sprintf("cut%d@example.com", i)
		d.order(object{"customer": object{"email": to}})
		time.Sleep(time.Duration(part * float64(path)))
		if len(d.mails(to)) == 0 {
			cutShort++
		}
		d.kill()
		d.start()
		d.exactlyOne(to, 60*time.Second, 3*time.Second)
	}
	t.Logf("%d of 6 cuts came before the mail", cutShort)
	if cutShort == 0 {
		t.Error("every cut came too late to mean anything")
	}
}
