package boot

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"afterglow/app/shopsim"
)

const day = 24 * time.Hour

// of is what somebody buys: the first variant of each product.
func of(handles ...string) (c shopsim.Checkout) {
	for _, h := range handles {
		c.Lines = append(c.Lines, shopsim.CheckoutLine{Handle: h})
	}
	return c
}

// cast says who does what in the story. README's tour names these people.
func (s *story) cast() {
	s.settings()
	s.crowd()
	s.underWay()
	s.inTrouble()
	s.missing()
	s.changed()
}

// settings are the merchant's: a budget for late and lost parcels, rules that decide
// claims, and a policy of two versions.
func (s *story) settings() {
	s.add(storyDays*day, "The merchant sets a budget", func(ctx context.Context) error {
		return s.merchant(ctx, "/makegood", http.MethodPut, "/makegood", func(was map[string]any) any {
			g := was["settings"].(map[string]any)
			g["enabled"], g["stalled_hours"], g["wait_minor"] = true, 24, 1000
			g["cap_order_minor"], g["cap_month_minor"] = 25000, 150000
			return g
		})
	})
	s.add(storyDays*day, "The merchant lets rules decide claims", func(ctx context.Context) error {
		return s.merchant(ctx, "/makegood/claims", http.MethodPut, "/makegood/claims", func(was map[string]any) any {
			set := was["settings"].(map[string]any)
			set["automatic"] = true
			return set
		})
	})
	s.add(13*day, "The merchant publishes a policy", func(ctx context.Context) error {
		err := s.merchant(ctx, "/policy", http.MethodPut, "/policy/draft", func(was map[string]any) any {
			source := was["published"].(map[string]any)["source"].(string)
			longer := strings.Replace(source, "return:\n", "return:\n  refuse when product tag \"gift\" because \"Gift cards are money.\"\n  allow within 60 days of delivered or placed when country DE, AT\n", 1)
			return map[string]any{"source": longer, "revision": was["revision"]}
		})
		if err != nil {
			return err
		}
		return s.merchant(ctx, "/policy", http.MethodPost, "/policy/publish", func(was map[string]any) any { return map[string]any{"revision": was["revision"]} })
	})
}

// crowd teaches the lanes: what was under way when the app was installed arrives,
// and enough parcels go to one country for a hit rate to be published.
func (s *story) crowd() {
	for i, o := range s.sim.Orders(s.shop.ID) {
		if o.CancelledAt != nil || o.ShipTo == nil {
			continue
		}
		name, sent, days := o.Name, 13*day-time.Duration(i%2)*day, 3*day+time.Duration(i%2)*day
		if o.ShipTo.CountryCode != s.shop.CountryCode {
			days = 9*day + time.Duration(i%3)*day
		}
		s.orders[name] = o
		switch {
		case len(o.Fulfillments) == 0:
			s.ships(name, name, sent, "UPS", fmt.Sprintf("1Z%016d", o.ID%1e12))
			s.scan(name, sent-day, "in_transit", "Newark", "US")
		case o.Fulfillments[0].DeliveredAt != nil:
			continue
		default:
			s.parcels[name] = o.Fulfillments[0].ID
		}
		s.scan(name, sent-days, "delivered", o.ShipTo.City, o.ShipTo.CountryCode)
	}
	people := []string{"olivia.hart", "marcus.bennett", "priya.raman"}
	goods := []string{"ridge-vase", "linen-napkins", "oak-tray", "wool-cushion", "beeswax-candles"}
	for i := range 22 {
		name := fmt.Sprintf("Neighbour %d", i+1)
		ordered := 13*day - time.Duration(i/8)*day
		travels := time.Duration(2+i%3) * day
		if i%9 == 4 {
			travels += 6 * day // now and then one is late
		}
		s.buys(name, ordered, people[i%len(people)]+"@example.com", of(goods[i%len(goods)]))
		s.ships(name, name, ordered-day, "UPS", fmt.Sprintf("1Z999AA1%010d", 10123456784+i))
		s.scan(name, ordered-2*day, "in_transit", "Secaucus", "US")
		s.scan(name, ordered-day-travels, "delivered", "Brooklyn", "US")
	}
}

// underWay are parcels in each state that needs nobody's attention.
func (s *story) underWay() {
	s.buys("Olivia", 3*time.Hour, "olivia.hart@example.com", of("arc-table-lamp", "linen-napkins"))

	s.buys("Lena", 2*day, "lena.gruber@example.com", of("oak-tray"))
	s.ships("Lena", "Lena", 5*time.Hour, "DHL Paket", "00340434161094042557")
	s.scan("Lena", 5*time.Hour, "label_printed", "", "")

	s.buys("Théo", 2*day, "theo.lefevre@example.com", of("ridge-vase"))
	s.ships("Théo", "Théo", 5*time.Hour, "Colissimo", "6A12345678901")

	s.buys("Misaki", 5*day, "misaki.sato@example.com", of("ono-bowl-set", "linen-napkins"))
	s.ships("Misaki", "Misaki", 4*day, "DHL Express", "4684279812")
	s.scan("Misaki", 3*day, "carrier_picked_up", "New York", "US")
	s.scan("Misaki", 2*day, "in_transit", "Anchorage", "US")
	s.scan("Misaki", 8*time.Hour, "in_transit", "Tokyo", "JP")

	s.buys("Reza", 7*day, "reza.karimi@example.com", of("brass-holder", "beeswax-candles"))
	s.ships("Reza", "Reza", 6*day, "DHL Express", "3318810025")
	s.scan("Reza", 5*day, "carrier_picked_up", "New York", "US")
	s.scan("Reza", 3*day, "in_transit", "Leipzig", "DE")
	s.scan("Reza", day, "in_transit", "Tehran", "IR")

	s.buys("Camille", 6*day, "camille.moreau@example.com", of("wool-cushion"))
	s.ships("Camille", "Camille", 5*day, "Colissimo", "8R98765432109")
	s.scan("Camille", 3*day, "in_transit", "Roissy", "FR")
	s.scan("Camille", 2*time.Hour, "out_for_delivery", "Paris", "FR")

	s.buys("Noah", 7*day, "noah.tremblay@example.com", of("cedar-candle"))
	s.ships("Noah", "Noah", 6*day, "Canada Post", "7023210039414604")
	s.scan("Noah", 4*day, "in_transit", "Lacolle", "CA")
	s.scan("Noah", 8*time.Hour, "ready_for_pickup", "Montréal", "CA")

	s.buys("Amelia", 13*day, "amelia.clarke@example.com", of("ridge-vase", "linen-throw"))
	s.ships("Amelia", "Amelia 1", 12*day, "Royal Mail", "RM123456785GB", 0)
	s.ships("Amelia", "Amelia 2", 4*day, "Evri", "H01AB23456789012", 1)
	s.scan("Amelia 1", 3*day, "in_transit", "Langley", "GB")
	s.scan("Amelia 1", 2*day, "delivered", "London", "GB")
	s.scan("Amelia 2", day, "in_transit", "Rugby", "GB")

	s.buys("Nour", 13*day, "nour.haddad@example.com", of("cedar-candle", "beeswax-candles"))
	s.ships("Nour", "Nour", 12*day, "Aramex", "33112209445")
	s.scan("Nour", 3*day, "in_transit", "Dubai", "AE")
	s.scan("Nour", day, "delivered", "Dubai", "AE")
}

// inTrouble are parcels that are late, silent or stopped, and what is done about it.
func (s *story) inTrouble() {
	s.buys("Layla", 9*day, "layla.almansoori@example.com", of("halo-pendant"))
	s.ships("Layla", "Layla", 8*day, "DHL Express", "7754210368")
	s.scan("Layla", 7*day, "carrier_picked_up", "New York", "US")
	s.scan("Layla", 6*day, "in_transit", "Leipzig", "DE", 2*day)
	s.scan("Layla", day, "in_transit", "Dubai", "AE")

	s.buys("Abdullah", 8*day, "abdullah.alqahtani@example.com", of("reading-stool"))
	s.ships("Abdullah", "Abdullah", 7*day, "SMSA Express", "290118455012")
	s.scan("Abdullah", 4*day, "in_transit", "Jeddah", "SA")
	s.scan("Abdullah", day, "attempted_delivery", "Riyadh", "SA")

	s.buys("Anna", 8*day, "anna.sokolova@example.com", of("linen-throw"))
	s.ships("Anna", "Anna", 7*day, "Russian Post", "RA123456785RU")
	s.scan("Anna", 4*day, "in_transit", "Vnukovo", "RU")
	s.scan("Anna", day, "failure", "Moscow", "RU")

	s.buys("Niloufar", 9*day, "niloufar.rostami@example.com", of("arc-table-lamp"))
	s.ships("Niloufar", "Niloufar", 8*day, "UPS", "1Z999AA10123456784")
	s.scan("Niloufar", 7*day, "in_transit", "Secaucus", "US")

	s.buys("Priya", storyDays*day, "priya.raman@example.com", of("linen-throw"))
	s.ships("Priya", "Priya", 13*day, "UPS", "1Z999AA10123456793")
	s.scan("Priya", 12*day, "in_transit", "Secaucus", "US")
	s.does("Priya", 5*day, "takes the money back", s.chooses("refund"))

	s.buys("Marcus", storyDays*day, "marcus.bennett@example.com", of("cedar-candle"))
	s.ships("Marcus", "Marcus", 13*day, "UPS", "1Z999AA10123456802")
	s.scan("Marcus", 12*day, "in_transit", "Secaucus", "US")
	s.does("Marcus", 4*day, "waits, for store credit", s.chooses("wait"))
}

// missing are parcels that were delivered and are not there: one that the rules made
// good at once, one that they leave to a person.
func (s *story) missing() {
	s.buys("Diego", 13*day, "diego.ramirez@example.com", of("beeswax-candles", "linen-napkins"))
	s.ships("Diego", "Diego", 12*day, "DHL Express", "5529017734")
	s.scan("Diego", 6*day, "in_transit", "Monterrey", "MX")
	s.scan("Diego", 4*day, "delivered", "Ciudad de México", "MX")
	s.does("Diego", day, "misses a parcel", s.misses("Diego", "No estaba en la puerta y nadie del edificio lo ha visto.", "neighbours", "household", "mail_room"))

	s.buys("Yumi", 13*day, "yumi.nakamura@example.com", of("cedar-candle"))
	s.ships("Yumi", "Yumi", 12*day, "DHL Express", "6620448190")
	s.scan("Yumi", 5*day, "in_transit", "Tokyo", "JP")
	s.scanned("Yumi", 3*day, shopsim.EventInput{Status: "delivered", City: "Yokohama", Country: "JP", Message: "Delivered, signed for at the reception"})
	s.does("Yumi", 20*time.Hour, "misses a parcel", s.misses("Yumi", "受付に確認しましたが、荷物は届いていないとのことです。署名にも心当たりがありません。", "household", "mail_room"))
}

// changed are orders that are not what they were.
func (s *story) changed() {
	s.buys("Jonas", storyDays*day, "jonas.weber@example.com", of("ridge-vase"))
	s.ships("Jonas", "Jonas", 13*day, "DHL Paket", "00340434161094042566")
	s.scan("Jonas", 4*day, "in_transit", "Leipzig", "DE")
	s.scan("Jonas", 2*day, "delivered", "Berlin", "DE")
	s.does("Jonas", day, "reports a crack", s.reports("Die Vase hat einen Sprung vom Rand bis zur Mitte. Der Karton war unbeschädigt."))

	s.buys("Friederike", storyDays*day, "friederike.schoenfeld@example.com", of("wool-cushion", "linen-throw"))
	s.ships("Friederike", "Friederike", 13*day, "DHL Paket", "00340434161094042575")
	s.scan("Friederike", 6*day, "in_transit", "Leipzig", "DE")
	s.scan("Friederike", 4*day, "delivered", "Hamburg", "DE")
	s.does("Friederike", day, "withdraws from the contract", s.withdraws)

	s.buys("Kenta", 2*day, "kenta.takahashi@example.com", of("halo-pendant"))
	s.does("Kenta", 2*day-10*time.Minute, "cancels", s.cancels)

	s.buys("Sara", 5*time.Hour, "sara.ahmadi@example.com", of("ridge-vase", "cedar-candle"))
	s.does("Sara", 5*time.Hour-10*time.Minute, "moves", s.moves("خیابان شریعتی، پلاک ۴۵، واحد ۲", "1939813116", "تهران"))

	s.buys("Lucía", 5*time.Hour, "lucia.fernandez@example.com", of("halo-pendant"))
	s.does("Lucía", 5*time.Hour-10*time.Minute, "takes another colour", s.swaps(1))
}
