package tracking

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"afterglow/app/queue"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// exportClaims returns what was claimed on some orders, photos included.
func exportClaims(tx *store.Tx, orders []int64) (claims, pictures []map[string]any, err error) {
	rows, err := claimsOn(tx, orders...)
	claims, pictures = []map[string]any{}, []map[string]any{}
	for i := range rows {
		c := &rows[i]
		claims = append(claims, map[string]any{"id": c.ID, "order_id": c.OrderID, "parcel_id": c.ParcelID, "state": c.State, "looked": strings.Fields(c.Checked), "statement": c.Statement,
			"language": c.Locale, "answer": c.Answer, "history": c.history(), "made_at": c.MadeAt, "decided_at": c.DecidedAt, "closed_at": c.ClosedAt})
		photos, err := claimPictures(tx, c.ID)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range photos {
			pictures = append(pictures, map[string]any{"id": p.ID, "claim": c.ID, "jpeg_base64": base64.StdEncoding.EncodeToString(p.Picture)})
		}
	}
	return claims, pictures, err
}

// eraseClaims takes out what was said and shown, and gives back what was approved
// and not chosen.
func (s *Service) eraseClaims(tx *store.Tx, orders []int64) error {
	if len(orders) == 0 {
		return nil
	}
	open, err := missingOffers(tx, orders, tx.Now)
	if err != nil {
		return err
	}
	for _, of := range open {
		if _, err := endMissing(tx, of); err != nil {
			return err
		}
	}
	return blankClaims(tx, orders)
}

// TaskSweepPhotos deletes photos of claims that have had their time.
const TaskSweepPhotos = "tracking.photos"

func (s *Service) sweepingPhotos() queue.Schedule {
	return queue.Schedule{Name: TaskSweepPhotos, Every: 24 * time.Hour, Begin: func(_ context.Context, tx *store.Tx) error {
		active, err := shops.Active(tx)
		if err != nil {
			return err
		}
		return queue.EnqueueFor(tx, queue.Request{Kind: TaskSweepPhotos}, active...)
	}}
}
