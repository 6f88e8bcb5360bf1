package tracking

import (
	"slices"
	"strconv"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/orders"
	"afterglow/app/problem"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/web"
)

func (s *Service) routes(r *web.Group) {
	r.GET("/tracking", s.getOverview, web.Needs(shops.MayReadOrders))
	r.GET("/tracking/parcels", s.getParcels, web.Needs(shops.MayReadOrders))
	r.GET("/tracking/parcels/:id", s.getParcel, web.Needs(shops.MayReadOrders))
	r.GET("/tracking/settings", s.getSettings, web.Needs(shops.MayReadSettings))
	r.PUT("/tracking/settings", s.putSettings, web.Needs(shops.MayChangeSettings))
	s.goodwillRoutes(r)
	s.claimAdmin(r)
	r.GET("/tracking/preview", s.getPreview, web.Needs(shops.MayReadSettings))
}

func (s *Service) getOverview(c *web.Ctx) error {
	answer := struct {
		Counts map[string]int64 `json:"counts"`
		Lanes  []lane           `json:"lanes"`
	}{}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		if answer.Counts, err = counts(tx); err != nil {
			return err
		}
		answer.Lanes, err = lanes(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(answer)
}

type parcelJSON struct {
	ID             string     `json:"id"`
	Name           string     `json:"name"`
	OrderID        string     `json:"order_id"`
	OrderName      string     `json:"order_name"`
	State          string     `json:"state"`
	StateAt        time.Time  `json:"state_at"`
	Carrier        string     `json:"carrier"`
	TrackingNumber string     `json:"tracking_number"`
	Country        string     `json:"country"`
	ShippedAt      time.Time  `json:"shipped_at"`
	ExpectedUntil  *time.Time `json:"expected_until"`
	DeliveredAt    *time.Time `json:"delivered_at"`
	Late           bool       `json:"late"`
	Stalled        bool       `json:"stalled"`
}

func (r row) json(now time.Time) parcelJSON {
	return parcelJSON{ID: strconv.FormatInt(r.ID, 10), Name: r.Name, OrderID: strconv.FormatInt(r.OrderID, 10), OrderName: r.OrderName, State: r.State, StateAt: r.StateAt,
		Carrier: r.CarrierName, TrackingNumber: r.TrackingNumber, Country: r.DestinationCountry, ShippedAt: r.ShippedAt, ExpectedUntil: r.ExpectedUntil,
		DeliveredAt: r.DeliveredAt, Late: r.UnderWay && r.ExpectedUntil != nil && r.ExpectedUntil.Before(now), Stalled: r.UnderWay && r.StalledAt != nil}
}

func (s *Service) getParcels(c *web.Ctx) error {
	if len(c.Query("q")) > 200 {
		return ErrFilter.WithFields(problem.Field{Field: "q", Detail: "is too long"})
	}
	answer := struct {
		Parcels []parcelJSON `json:"parcels"`
		Next    *string      `json:"next_cursor"`
	}{Parcels: []parcelJSON{}}
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		rows, next, err := list(tx, c.Query("view"), c.Query("q"), c.Query("cursor"))
		for _, r := range rows {
			answer.Parcels = append(answer.Parcels, r.json(tx.Now))
		}
		if next != "" {
			answer.Next = &next
		}
		return err
	})
	if err != nil {
		return err
	}
	shown := make([]string, len(answer.Parcels))
	for i, p := range answer.Parcels {
		shown[i] = p.ID
	}
	if err := s.shops.ReadingList(c, shown); err != nil {
		return err
	}
	return c.OK(answer)
}

type scanJSON struct {
	State   string    `json:"state"`
	Text    string    `json:"text"`
	Place   string    `json:"place"`
	At      time.Time `json:"at"`
	Zone    string    `json:"zone"`
	Local   bool      `json:"local"`
	Message string    `json:"message"`
}

type mailJSON struct {
	ID     string         `json:"id"`
	Kind   string         `json:"kind"`
	State  messages.State `json:"state"`
	Reason string         `json:"reason"`
	At     time.Time      `json:"at"`
}

func (s *Service) getParcel(c *web.Ctx) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return ErrNotFound
	}
	var answer struct {
		parcelJSON
		TrackingURL string     `json:"tracking_url"`
		Origin      string     `json:"origin"`
		Region      string     `json:"region"`
		Source      string     `json:"expected_source"`
		Items       []string   `json:"items"`
		Scans       []scanJSON `json:"scans"`
		Mails       []mailJSON `json:"mails"`
	}
	answer.Items, answer.Scans, answer.Mails = []string{}, []scanJSON{}, []mailJSON{}
	err = s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		r, err := find(tx, id)
		if err != nil {
			return err
		}
		shop, err := s.shops.Get(tx)
		if err != nil {
			return err
		}
		answer.parcelJSON, answer.TrackingURL, answer.Origin, answer.Region, answer.Source = r.json(tx.Now), r.TrackingURL, r.OriginCountry, r.DestinationRegion, r.ExpectedSource
		scans, err := liveScans(tx, id)
		if err != nil {
			return err
		}
		for _, row := range slices.Backward(scans) {
			sc := row.scan(clock.Zone(shop.Timezone))
			answer.Scans = append(answer.Scans, scanJSON{sc.State, scanText(locale.English, sc), placeOf(locale.English, sc, ""), sc.At, sc.Zone.String(), sc.Local, sc.Message})
		}
		p, err := r.parcel(tx.Now)
		if err != nil {
			return err
		}
		if o, err := orders.Find(tx, r.OrderID); err == nil {
			for _, i := range p.Items {
				for _, l := range o.Lines {
					if l.ID == i.LineID {
						answer.Items = append(answer.Items, strconv.FormatInt(i.Quantity, 10)+" × "+l.Title)
					}
				}
			}
		}
		sent, err := messages.ForOrder(tx, r.OrderID)
		for _, m := range sent {
			if stages[m.Kind] != "" && m.Ref == answer.ID {
				answer.Mails = append(answer.Mails, mailJSON{m.ID, m.Kind, m.State, m.Reason, m.CreatedAt})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := s.shops.Reading(c, answer.ID); err != nil {
		return err
	}
	return c.OK(map[string]any{"parcel": answer})
}

func (s *Service) getSettings(c *web.Ctx) error {
	var v Settings
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		v, err = loadSettings(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"settings": v})
}

func (s *Service) putSettings(c *web.Ctx) error {
	var v Settings
	if err := c.Bind(&v); err != nil {
		return err
	}
	err := s.db.InTx(c.Context(), web.Shop(c), func(tx *store.Tx) (err error) {
		v, err = saveSettings(tx, v)
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"settings": v})
}

var errKind = problem.New(problem.Malformed, "tracking.kind", "Choose shipped, out, delivered, delayed or exception.")

// getPreview shows a mail with a made-up parcel, in the shop's own look.
func (s *Service) getPreview(c *web.Ctx) error {
	stage, tag := c.Query("kind"), locale.Match(c.Query("locale"))
	if stage != stageException && !slices.Contains(mail.TrackingStages, stage) {
		return errKind
	}
	var rendered *mail.Rendered
	err := s.db.Read(c.Context(), web.Shop(c), func(tx *store.Tx) error {
		l, err := s.sample(tx, stage, tag)
		if err != nil {
			return err
		}
		settings, err := s.shops.Settings(tx)
		if err != nil {
			return err
		}
		kind := formOf(stage)
		kind.Name = "tracking." + stage
		rendered, err = s.renderer.Render(c.Context(), kind, l, mail.Brand{Accent: settings.AccentColor})
		return err
	})
	if err != nil {
		return err
	}
	return c.OK(map[string]any{"subject": rendered.Subject, "html": rendered.HTML, "text": rendered.Text, "locale": string(tag), "dir": tag.Dir(), "live": true})
}
