package tracking

import (
	"context"
	"time"

	"afterglow/app/locale"
	"afterglow/app/room"
	"afterglow/app/store"
)

const claimSectionTemplate = `<section class="card" aria-labelledby="claim">
<h2 id="claim">{{t "tracking.claim.card"}}</h2>
{{- range .}}
{{- with .State}}
<p class="strong">{{.}}</p>
{{- else}}
<p class="muted">{{t "tracking.claim.card.text"}}</p>
{{- end}}
<p><a class="button" href="{{.Path}}">{{if .State}}{{t "tracking.claim.card.see"}}{{else}}{{t "tracking.claim.card.button"}}{{end}}{{with .Name}} ({{bdi .}}){{end}}</a></p>
{{- end}}
</section>`

// claimSeen is how long the page shows how a claim ended.
const claimSeen = 30 * 24 * time.Hour

type shownClaim struct {
	Path, State string
	Name        string // of the parcel, where there are several
}

// claimSection offers on the order's page to say that a delivered parcel is not
// there, for as long as the merchant lets it, and shows where that was said.
func (s *Service) claimSection() room.Section {
	return room.Section{Name: "claim", Place: room.Aside, Rank: 50, Template: claimSectionTemplate,
		Show: func(_ context.Context, tx *store.Tx, at room.PageView) (any, error) { return s.showClaims(tx, at) }}
}

func (s *Service) showClaims(tx *store.Tx, at room.PageView) (any, error) {
	rows, err := ofOrder(tx, at.OrderID)
	if err != nil {
		return nil, err
	}
	delivered := false
	for _, r := range rows {
		delivered = delivered || r.DeliveredAt != nil
	}
	if !delivered {
		return nil, nil
	}
	shop, err := s.shops.Get(tx)
	if err != nil {
		return nil, err
	}
	set, err := loadClaimSettings(tx, shop.Currency)
	if err != nil {
		return nil, err
	}
	claims, err := claimsOn(tx, at.OrderID)
	if err != nil {
		return nil, err
	}
	scans, err := liveScans(tx, idsOf(rows)...)
	if err != nil {
		return nil, err
	}
	list := []shownClaim{}
	for i := range rows {
		r := &rows[i]
		path := at.Path + "/claim/" + idText(r.ID) + "?lang=" + string(at.Tag)
		v := shownClaim{Path: path}
		if len(rows) > 1 {
			v.Name = r.called()
		}
		c := newestClaim(claims, r.ID)
		arrived, _ := r.arrived(scans)
		open := r.claimable(set, arrived, tx.Now)
		switch {
		case c != nil && c.ErasedAt == nil && (c.ClosedAt == nil || tx.Now.Sub(*c.ClosedAt) < claimSeen) && !(c.State == ClaimFound && open):
			of, err := offerOfClaim(tx, c)
			if err != nil {
				return nil, err
			}
			v.State, _ = claimWords(at.Tag, c, c.State, of, shop.Currency, at.Zone)
		case !open:
			continue
		}
		list = append(list, v)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, nil
}

// newestClaim picks a parcel's of claims that stand newest first.
func newestClaim(list []claimRow, parcel int64) *claimRow {
	for i := range list {
		if list[i].ParcelID == parcel {
			return &list[i]
		}
	}
	return nil
}

// deliveredText is when and where the carrier left it.
func deliveredText(tag locale.Tag, r *row, scans []scanRow, zone *time.Location) (when, where string) {
	at, last := r.arrived(scans)
	if last == nil {
		return tag.DateTime(at, zone), ""
	}
	sc := last.scan(zone)
	return tag.DateTime(sc.At, sc.Zone), placeOf(tag, sc, "")
}
