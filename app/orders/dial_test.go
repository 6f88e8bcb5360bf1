package orders

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/messages"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/app/web"
)

// The page offers the choice, keeps it for the order's address, and says so.
func TestShopperChoosesWhichMailsOnTheOrderPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		must(t, b.s.UseSections(b.s.dialSection()))
		now := clk.Now()
		must(t, b.hear("orders/create", body(1, now, nil), now))
		o := b.find(1).Order
		h := b.serve()
		token, err := b.s.links.Sign(web.Link{Shop: storetest.Shop, Kind: LinkOrder, Ref: strconv.FormatInt(o.ID, 10), Expires: now.Add(time.Hour)})
		must(t, err)
		path := "/l/o/" + token
		page := ask(h, "GET", path+"?lang=fa", nil)
		for _, want := range []string{`action="` + path + `/messages"`, `value="all" checked`, "کدام ایمیل\u200cها را می\u200cخواهید؟", `name="lang" value="fa"`} {
			if !strings.Contains(page.Body.String(), want) {
				t.Errorf("the page lacks %q:\n%s", want, page.Body)
			}
		}
		saved := ask(h, "POST", path+"/messages", url.Values{"level": {"needed"}, "lang": {"fa"}})
		if saved.Code != http.StatusSeeOther || saved.Header().Get("Location") != path+"?lang=fa#messages" {
			t.Fatalf("%d %v", saved.Code, saved.Header())
		}
		var dial messages.Dial
		b.in(storetest.Shop, func(tx *store.Tx) (err error) {
			dial, err = messages.DialOf(tx, o.Email)
			return err
		})
		if dial.Level != messages.LevelNeeded {
			t.Errorf("kept %v", dial)
		}
		page = ask(h, "GET", path+"?lang=en", nil)
		if !strings.Contains(page.Body.String(), `value="needed" checked`) || !strings.Contains(page.Body.String(), "is saved.") {
			t.Errorf("the page does not tell what was chosen:\n%s", page.Body)
		}
		if w := ask(h, "POST", path+"/messages", url.Values{"level": {"loud"}}); w.Code/100 != 4 {
			t.Errorf("a level that there is not: %d", w.Code)
		}
		proxied := "/proxy/o/" + token + "/messages?as=" + fmt.Sprint(storetest.Shop) + ".0"
		if w := ask(h, "POST", proxied, url.Values{"level": {"least"}, web.FormField: b.key(storetest.Shop, 0)}); w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Location"), "/o/"+token+"?lang=") {
			t.Errorf("on the shop's domain: %d %v", w.Code, w.Header())
		}
		if w := ask(h, "POST", "/l/o/forged/messages", url.Values{"level": {"least"}}); w.Code != 401 {
			t.Errorf("a forged link: %d", w.Code)
		}
	})
}
