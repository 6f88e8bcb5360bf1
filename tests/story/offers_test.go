package story

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// codeOf finds a code of ours in a mail.
var codeOf = regexp.MustCompile(`GIFT-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{5}`)

// admin calls the app's API as the merchant.
func (d *demo) admin(method, path string, body, into any) {
	d.t.Helper()
	var token struct {
		ID string `json:"id_token"`
	}
	d.call(http.MethodPost, d.Addresses.SimURL+"/sim/api/shops/"+d.Addresses.Shop+"/token", object{}, &token, http.StatusOK)
	if err := callAs(token.ID, method, d.Addresses.AppURL+"/api/v1"+path, body, into, http.StatusOK); err != nil {
		d.t.Fatal(err)
	}
}

// invite publishes the rule "first order: inviting", with the scope it needs or not.
func (d *demo) invite(granted bool) {
	d.t.Helper()
	if granted {
		d.grant()
	}
	var now struct {
		Draft    object `json:"draft"`
		Revision int    `json:"revision"`
	}
	d.admin(http.MethodGet, "/confirmation", nil, &now)
	now.Draft["rules"] = []object{{"style": "inviting", "when": []object{{"kind": "first_order"}}}}
	now.Draft["offer"] = object{"percent": 15, "days": 30, "monthly": 500, "prefix": "GIFT"}
	d.admin(http.MethodPut, "/confirmation/draft", object{"design": now.Draft, "revision": now.Revision}, &now)
	d.admin(http.MethodPost, "/confirmation/publish", object{"revision": now.Revision}, nil)
}

// grant is the merchant's yes to discounts, and waits until the app knows of it.
func (d *demo) grant() {
	d.t.Helper()
	var session struct {
		Scopes struct {
			Granted []string `json:"granted"`
		} `json:"scopes"`
	}
	d.admin(http.MethodGet, "/session", nil, &session)
	d.call(http.MethodPost, d.Addresses.SimURL+"/sim/api/shops/"+d.Addresses.Shop+"/scopes", object{"scopes": append(session.Scopes.Granted, "write_discounts")}, nil, http.StatusOK)
	d.until("the scope", func() bool {
		d.admin(http.MethodGet, "/session", nil, &session)
		return strings.Contains(strings.Join(session.Scopes.Granted, " "), "write_discounts")
	})
}

func (d *demo) until(what string, done func() bool) {
	d.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatalf("waited 30 s for %s", what)
		}
	}
}

// codes lists the discount codes that the app made at Shopify.
func (d *demo) codes() (codes []string) {
	d.t.Helper()
	var ledger struct {
		Entries []struct {
			Code string `json:"code"`
			By   string `json:"by"`
		} `json:"entries"`
	}
	d.call(http.MethodGet, d.Addresses.SimURL+"/sim/api/ledger?kind=discount_code", nil, &ledger, http.StatusOK)
	for _, e := range ledger.Entries {
		if e.By == "app" {
			codes = append(codes, e.Code)
		}
	}
	return codes
}

func (d *demo) faults(api object) {
	d.t.Helper()
	d.call(http.MethodPost, d.Addresses.SimURL+"/sim/api/faults", object{"api": api}, nil, http.StatusOK)
}

func buyer(email, code string) object {
	o := object{"customer": object{"email": email, "first_name": "Nora", "last_name": "Holm"}, "lines": []object{{"quantity": 1}}}
	if code != "" {
		o["discount"] = object{"code": code}
	}
	return o
}

// A first order under the rule "first order: inviting": one mail, one code that is
// at Shopify once, for this customer alone, and works once. Then the power goes
// just before and just after Shopify makes a code: still one of each.
func TestFirstOrderIsInvitedOnce(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	d.invite(true)
	const to = "nora@example.com"
	d.order(buyer(to, ""))
	code := codeOf.FindString(d.exactlyOne(to, 70*time.Second, 2*time.Second).Text)
	if made := d.codes(); code == "" || len(made) != 1 || made[0] != code {
		t.Fatalf("the mail carries %q, Shopify has %v", code, made)
	}
	orders := d.Addresses.SimURL + "/sim/api/orders"
	if err := call(http.MethodPost, orders, buyer("stranger@example.com", code), nil, http.StatusCreated); err == nil {
		t.Error("a stranger could use the code")
	}
	d.order(buyer(to, code))
	if err := call(http.MethodPost, orders, buyer(to, code), nil, http.StatusCreated); err == nil {
		t.Error("the code worked twice")
	}
	d.until("the code to be marked as used", func() bool {
		var list struct {
			Codes []struct{ Code, State string }
		}
		d.admin(http.MethodGet, "/offers/codes", nil, &list)
		return len(list.Codes) == 1 && list.Codes[0].Code == code && list.Codes[0].State == "used"
	})

	for _, point := range []string{"operation.before_call", "operation.after_call"} {
		d.kill()
		d.crashAt(point)
		to := strings.ReplaceAll(point, ".", "-") + "@example.com"
		before := len(d.codes())
		d.order(buyer(to, ""))
		d.crashed()
		d.start()
		code := codeOf.FindString(d.exactlyOne(to, 70*time.Second, 2*time.Second).Text)
		if made := d.codes(); code == "" || len(made) != before+1 || made[len(made)-1] != code {
			t.Errorf("%s: the mail carries %q, Shopify has %v", point, code, made)
		}
	}
}

// Without the scope, or with Shopify away, the mail goes out all the same, in
// another style, and the admin says why.
func TestMailDoesNotWaitForItsCode(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	d.invite(false)
	d.order(buyer("nora@example.com", ""))
	m := d.exactlyOne("nora@example.com", 60*time.Second, 0)
	if codeOf.MatchString(m.Text) || len(d.codes()) != 0 {
		t.Errorf("a code without leave to make one: %v", d.codes())
	}
	d.saysWhy("nora@example.com", "may not make discount codes yet")

	d.grant()
	d.faults(object{"fail_before": 1, "operation": "discountCodeBasicCreate"})
	began := time.Now()
	d.order(buyer("olaf@example.com", ""))
	time.Sleep(2 * time.Second)
	if n := len(d.mails("olaf@example.com")); n != 0 {
		t.Fatalf("%d mails before the code had its time", n)
	}
	d.call(http.MethodPost, d.Addresses.SimURL+"/sim/api/clock", object{"advance": "60s"}, nil, http.StatusOK)
	m = d.exactlyOne("olaf@example.com", 15*time.Second, time.Second)
	t.Logf("sent after %v and a minute", time.Since(began).Round(time.Second))
	if codeOf.MatchString(m.Text) || len(d.codes()) != 0 {
		t.Errorf("a code that was never made: %v", d.codes())
	}
	d.saysWhy("olaf@example.com", "sent as Plain instead")
}

func (d *demo) saysWhy(to, why string) {
	d.t.Helper()
	var list struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	d.admin(http.MethodGet, "/messages?q="+to, nil, &list)
	if len(list.Messages) != 1 {
		d.t.Fatalf("the admin lists %d messages to %s", len(list.Messages), to)
	}
	var answer struct {
		Message struct {
			Reason string `json:"variant_reason"`
		} `json:"message"`
	}
	d.admin(http.MethodGet, "/messages/"+list.Messages[0].ID, nil, &answer)
	if !strings.Contains(answer.Message.Reason, why) {
		d.t.Errorf("the admin says %q, want %q", answer.Message.Reason, why)
	}
}

// The code of an order that is cancelled while its mail waits is ended, also when
// Shopify's answer about it was lost; nothing is written to anybody.
func TestCodeOfACancelledOrderIsEnded(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	d.invite(true)
	d.faults(object{"fail_after": 1, "operation": "discountCodeBasicCreate"})
	p := d.order(buyer("nora@example.com", ""))
	d.until("the code at Shopify", func() bool { return len(d.codes()) == 1 })
	d.call(http.MethodPost, d.Addresses.SimURL+"/sim/api/orders/"+p.id()+"/cancel", object{"reason": "CUSTOMER"}, nil, http.StatusOK)
	d.faults(object{})
	d.until("the end of the code", func() bool {
		var list struct {
			Codes []struct{ Code, State, Reason string }
		}
		d.admin(http.MethodGet, "/offers/codes", nil, &list)
		return len(list.Codes) == 1 && list.Codes[0].State == "ended" && strings.Contains(list.Codes[0].Reason, "cancelled")
	})
	d.until("the end of the code at Shopify", func() bool {
		err := call(http.MethodPost, d.Addresses.SimURL+"/sim/api/orders", buyer("stranger@example.com", d.codes()[0]), nil, http.StatusCreated)
		return err != nil && strings.Contains(err.Error(), "it has ended")
	})
	if n := len(d.mails("nora@example.com")); n != 0 {
		t.Errorf("%d mails about a cancelled order", n)
	}
}

// Similar products are real ones, of this shop, that lead to their pages; what is
// hidden or sold out is not among them.
func TestSimilarProductsCanBeBought(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	var now struct {
		Draft    object `json:"draft"`
		Revision int    `json:"revision"`
	}
	d.admin(http.MethodGet, "/confirmation", nil, &now)
	now.Draft["default_style"] = "similar"
	d.admin(http.MethodPut, "/confirmation/draft", object{"design": now.Draft, "revision": now.Revision}, &now)
	d.admin(http.MethodPost, "/confirmation/publish", object{"revision": now.Revision}, nil)
	d.imported()
	shown := regexp.MustCompile(`/products/([a-z0-9-]+)`)
	links := func(to string) (list []string) {
		d.order(buyer(to, ""))
		for _, m := range shown.FindAllStringSubmatch(d.exactlyOne(to, 15*time.Second, 0).Text, -1) {
			list = append(list, m[1])
		}
		return list
	}
	first := links("nora@example.com")
	if len(first) != 4 {
		t.Fatalf("the mail leads to %v", first)
	}
	var shop struct {
		Products []struct {
			ID     int64  `json:"id"`
			Handle string `json:"handle"`
		} `json:"products"`
	}
	d.call(http.MethodGet, d.Addresses.SimURL+"/sim/api/products", nil, &shop, http.StatusOK)
	changes := map[string]object{first[0]: {"status": "draft"}, first[1]: {"stock": 0}}
	for _, p := range shop.Products {
		if c, ok := changes[p.Handle]; ok {
			d.call(http.MethodPost, d.Addresses.SimURL+"/sim/api/products/"+strconv.FormatInt(p.ID, 10), c, nil, http.StatusOK)
		}
	}
	d.until("the webhooks", func() bool {
		var sent struct {
			Counts map[string]int `json:"counts"`
		}
		d.call(http.MethodGet, d.Addresses.SimURL+"/sim/api/deliveries?topic=products/update", nil, &sent, http.StatusOK)
		return sent.Counts["delivered"] == 2
	})
	time.Sleep(time.Second) // they are worked off after they are taken
	for _, handle := range links("olaf@example.com") {
		if _, gone := changes[handle]; gone {
			t.Errorf("%s cannot be bought and is suggested", handle)
		}
	}
}

// imported waits until the shop's history is here.
func (d *demo) imported() {
	d.t.Helper()
	d.until("the import", func() bool {
		var list struct {
			Imports []struct {
				State string `json:"state"`
			} `json:"imports"`
		}
		d.admin(http.MethodGet, "/imports", nil, &list)
		done := 0
		for _, i := range list.Imports {
			if i.State == "done" {
				done++
			}
		}
		return done == 3
	})
}
