package shopsim

import (
	"math"
	"net/http"
	"slices"
)

// panelView is the simulation panel: the weather, the clock and what happened.
type panelView struct {
	adminPage
	CanAdvance bool
	Faults     faultView
	Deliveries []deliveryRow
	Counts     []countRow
	Ledger     []ledgerRow
	Mailbox    string
}

// faultView holds the switched-on faults, rates in percent.
type faultView struct {
	Drop, Delay, Duplicate, Reorder       int
	Down                                  bool
	FailBefore, FailAfter, Throttle, Slow int
	On                                    bool
}

type deliveryRow struct {
	ID                        int64
	Topic, State, Tone, Error string
	At                        string
	Attempts                  int
}

type countRow struct {
	Label string
	N     int
}

type ledgerRow struct{ At, Kind, Amount, By string }

var deliveryTones = map[string]string{waiting: "caution", delivered: "success", failed: "critical", dropped: "warning"}

func (s *Sim) uiPanel(w http.ResponseWriter, _ *http.Request, shop *Shop) {
	v := panelView{adminPage: s.admin(shop, "Simulation", "sim"), CanAdvance: s.cfg.Advance != nil,
		Faults: viewFaults(s.Faults()), Mailbox: s.cfg.AppURL + "/mailbox"}
	v.Now = showMoment(s.Now(), shop.Timezone)
	v.Orders = s.orderRows(shop, "", 8)
	counts := map[string]int{}
	for i, d := range s.Deliveries(shop.ID, 500) {
		counts[d.State]++
		if i < 12 {
			v.Deliveries = append(v.Deliveries, deliveryRow{d.ID, d.Topic, words(d.State), deliveryTones[d.State], d.LastError,
				showMoment(d.TriggeredAt, shop.Timezone), d.Attempts})
		}
	}
	for _, state := range []string{waiting, delivered, failed, dropped} {
		v.Counts = append(v.Counts, countRow{words(state), counts[state]})
	}
	for _, e := range slices.Backward(s.Ledger(shop.ID)) {
		if len(v.Ledger) == 10 {
			break
		}
		row := ledgerRow{At: showMoment(e.At, shop.Timezone), Kind: words(e.Kind), Amount: e.Code, By: e.By}
		if e.Amount != "" {
			row.Amount = e.Amount + " " + e.Currency
		}
		v.Ledger = append(v.Ledger, row)
	}
	s.render(w, "sim_panel", v)
}

func viewFaults(f Faults) faultView {
	percent := func(rate float64) int { return int(math.Round(rate * 100)) }
	v := faultView{Drop: percent(f.Webhooks.Drop), Delay: percent(f.Webhooks.Delay), Duplicate: percent(f.Webhooks.Duplicate),
		Reorder: percent(f.Webhooks.Reorder), Down: f.Webhooks.Down, FailBefore: percent(f.API.FailBefore), FailAfter: percent(f.API.FailAfter),
		Throttle: percent(f.API.Throttle), Slow: percent(f.API.Slow)}
	v.On = v != faultView{}
	return v
}
