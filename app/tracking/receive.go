package tracking

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"afterglow/app/orders"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/shops"
	"afterglow/app/store"
)

// The tasks of this room.
const (
	TaskRead  = "tracking.read"  // read an order's parcels from Shopify
	TaskSweep = "tracking.sweep" // ask for readings of what is under way
)

const (
	readAfter    = 2 * time.Minute // the grace for a scan's own webhook
	sweepEvery   = time.Hour
	sweepWindow  = 6 * time.Hour       // a parcel under way is compared once in each
	sweepStale   = 5 * time.Hour       // and not sooner again
	sweepYounger = 60 * 24 * time.Hour // after which nobody waits for it any more
	sweepAtLeast = 300                 // parcels of a shop in one round
	sweepAtMost  = 4000                // what an hour of Shopify's points leaves room for
)

// Reader is one shop's Admin API, as far as this room needs it.
type Reader interface {
	Parcels(ctx context.Context, order int64) ([]shopify.Parcel, error)
}

// told is when Shopify sent the event, or, should it not say, when it came.
func told(ev *shopify.Event) time.Time {
	at := ev.TriggeredAt
	if at.IsZero() {
		at = ev.ReceivedAt
	}
	return at.UTC().Truncate(time.Microsecond)
}

// onParcel works off fulfillments/create and fulfillments/update.
func (s *Service) onParcel(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	var p payloadParcel
	if err := decode(ev.Body, &p); err != nil {
		return err
	}
	n, err := p.news()
	if err != nil {
		return err
	}
	ev.About("order", n.OrderID)
	return s.hear(tx, n, told(ev))
}

// onScan works off fulfillment_events/create.
func (s *Service) onScan(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	var p payloadScan
	if err := decode(ev.Body, &p); err != nil {
		return err
	}
	scan, err := p.scan(told(ev))
	if err != nil {
		return err
	}
	order := int64(p.OrderID)
	if order > 0 {
		ev.About("order", order)
	}
	known := false
	err = s.apply(tx, scan.ParcelID, order, func(r *row) error {
		known = r.Known
		return keepScan(tx, &scan)
	})
	if err != nil || known || order <= 0 {
		return err
	}
	// Its fulfillment is on its way to us, or was lost.
	return readAgain(tx, order, tx.Now.Add(readAfter), fmt.Sprintf("unknown:%d", scan.ParcelID))
}

// onScanDeleted works off fulfillment_events/delete.
func (s *Service) onScanDeleted(_ context.Context, tx *store.Tx, ev *shopify.Event) error {
	var p payloadScan
	if err := decode(ev.Body, &p); err != nil {
		return err
	}
	if p.ID <= 0 {
		return ErrPayload.Detailf("The payload names no event of a fulfillment.")
	}
	parcel := int64(p.ParcelID)
	if parcel <= 0 {
		known, err := parcelOf(tx, int64(p.ID))
		if err != nil {
			return err
		}
		if parcel = known; parcel <= 0 { // it has not come yet, and need not
			return takeBack(tx, int64(p.ID), 0)
		}
	}
	if p.OrderID > 0 {
		ev.About("order", int64(p.OrderID))
	}
	return s.apply(tx, parcel, int64(p.OrderID), func(r *row) error {
		if err := r.unsay(tx, int64(p.ID)); err != nil {
			return err
		}
		return takeBack(tx, int64(p.ID), parcel)
	})
}

// onOrder hears that an order with parcels is new or has changed. What its own
// document says about them is taken in; what that does not explain is read.
func (s *Service) onOrder(_ context.Context, tx *store.Tx, job queue.Job) error {
	id, err := strconv.ParseInt(job.Ref, 10, 64)
	if err != nil {
		return nil
	}
	o, err := orders.Find(tx, id)
	if errors.Is(err, orders.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.endRepaidOf(tx, o); err != nil || len(o.Fulfillments) == 0 {
		return err
	}
	numbers := make([]int64, len(o.Fulfillments))
	for i, f := range o.Fulfillments {
		numbers[i] = f.ID
	}
	have, err := versions(tx, numbers)
	if err != nil {
		return err
	}
	for _, f := range o.Fulfillments {
		n := newsOf(o, f)
		r, here := have[f.ID]
		if !here || !r.Known || r.SourceUpdatedAt.Before(n.UpdatedAt) || r.DestinationCountry == "" || r.OrderName == "" {
			if err := s.hear(tx, n, epoch); err != nil { // of the same second, the webhook knows more
				return err
			}
		}
		if err := s.askWhy(tx, o.ID, n); err != nil {
			return err
		}
	}
	return nil
}

// newsOf is what an order's document tells about one of its parcels.
func newsOf(o *orders.Order, f orders.Fulfillment) news {
	n := news{ID: f.ID, OrderID: o.ID, Name: f.Name, Status: f.Status, Shipment: f.ShipmentStatus, CreatedAt: f.CreatedAt, UpdatedAt: f.UpdatedAt,
		Company: f.Carrier, Number: f.TrackingNumber, URL: f.TrackingURL, Estimated: f.EstimatedDelivery}
	if f.DeliveredAt != nil {
		n.Shipment, n.Delivered = "delivered", f.DeliveredAt
	}
	if n.UpdatedAt.IsZero() {
		n.UpdatedAt = o.UpdatedAt
	}
	for _, l := range f.Lines {
		n.Items = append(n.Items, Item{l.LineID, l.Quantity})
	}
	if o.Shipping != nil {
		n.Destination, n.Region = countryCode(o.Shipping.CountryCode), first(o.Shipping.ProvinceCode, o.Shipping.Province)
	}
	return n
}

// askWhy asks for a reading when the shipment has a status that no scan explains.
func (s *Service) askWhy(tx *store.Tx, order int64, n news) error {
	if noScan[n.Shipment] || gone(n.Status) {
		return nil
	}
	scans, err := liveScans(tx, n.ID)
	if err != nil || explained(n.Shipment, scansOf(scans)) {
		return err
	}
	return readAgain(tx, order, tx.Now.Add(readAfter), fmt.Sprintf("%d:%s:%d", n.ID, n.Shipment, n.UpdatedAt.Unix()))
}

func scansOf(rows []scanRow) []scanned {
	out := make([]scanned, len(rows))
	for i, r := range rows {
		out[i] = scanned{r.ID, r.Status, r.HappenedAt}
	}
	return out
}

func (s *Service) onOrderDeleted(_ context.Context, tx *store.Tx, job queue.Job) error {
	id, err := strconv.ParseInt(job.Ref, 10, 64)
	if err != nil {
		return nil
	}
	return forget(tx, id)
}

func readAgain(tx *store.Tx, order int64, at time.Time, reason string) error {
	id := strconv.FormatInt(order, 10)
	return queue.Enqueue(tx, queue.Request{Kind: TaskRead, Ref: id, RunAt: at, Once: id + " " + reason})
}

// read is the task that reads an order's parcels with all their scans. Nobody
// waits for it, so it leaves the shop's points to those somebody does wait for.
func (s *Service) read(ctx context.Context, c *queue.Claim) error {
	order, err := strconv.ParseInt(c.Job.Ref, 10, 64)
	if err != nil {
		return c.Finish(ctx, nil)
	}
	asked := s.db.Clock().Now()
	parcels, err := s.readers(c.Job.Shop).Parcels(shopify.Background(ctx), order)
	if wait, throttled := shopify.RetryAfter(err); throttled {
		return queue.Later(s.db.Clock().Now().Add(wait), err)
	}
	if errors.Is(err, shopify.ErrOrderMissing) {
		return c.Finish(ctx, func(tx *store.Tx) error { return missing(tx, order) })
	}
	if err != nil {
		return fmt.Errorf("read parcels of order %d: %w", order, err)
	}
	return c.Finish(ctx, func(tx *store.Tx) error {
		for _, p := range parcels {
			if err := s.hear(tx, newsRead(order, p, asked), asked); err != nil {
				return err
			}
		}
		return compared(tx, order)
	})
}

// missing is what becomes of the parcels of an order that Shopify does not know.
// When we do not know it either, its deletion came before the last of its scans.
func missing(tx *store.Tx, order int64) error {
	_, err := orders.Find(tx, order)
	if errors.Is(err, orders.ErrNotFound) {
		return forget(tx, order)
	}
	if err != nil {
		return err
	}
	return compared(tx, order)
}

// newsRead is a parcel as Shopify answers for it.
func newsRead(order int64, p shopify.Parcel, asked time.Time) news {
	n := news{ID: int64(p.ID), OrderID: order, Name: p.Name, Status: strings.ToLower(p.Status), Shipment: strings.ToLower(p.DisplayStatus), CreatedAt: micro(p.CreatedAt), UpdatedAt: micro(p.UpdatedAt),
		Origin: countryCode(p.OriginCountry()), Estimated: microOf(p.EstimatedDelivery)}
	if p.DeliveredAt != nil {
		n.Shipment, n.Delivered = "delivered", microOf(p.DeliveredAt)
	}
	if len(p.Tracking) > 0 {
		n.Company, n.Number, n.URL = clean(p.Tracking[0].Company), clean(p.Tracking[0].Number), clean(p.Tracking[0].URL)
	}
	for _, l := range p.Lines {
		n.Items = append(n.Items, Item{int64(l.LineID), l.Quantity})
	}
	for _, e := range p.Events {
		scan := scanRow{ID: int64(e.ID), ParcelID: n.ID, Status: strings.ToLower(e.Status), Message: clean(e.Message), City: clean(e.City), Province: clean(e.Province),
			Country: countryCode(e.Country), Zip: clean(e.Zip), HappenedAt: micro(e.HappenedAt), EstimatedAt: microOf(e.EstimatedAt), UpdatedAt: micro(e.CreatedAt)}
		n.Scans = append(n.Scans, scan.whole(asked))
	}
	return n
}

func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func microOf(t *time.Time) *time.Time {
	if t == nil || t.IsZero() {
		return nil
	}
	at := micro(*t)
	return &at
}

// sweep asks for readings of parcels that nobody told anything about: in each round
// a share of those under way, so that all have had their turn before the window is
// over. The readings give way to what somebody waits for.
func (s *Service) sweep(_ context.Context, tx *store.Tx, _ queue.Job) error {
	open, err := countUnderWay(tx, tx.Now.Add(-sweepYounger))
	if err != nil {
		return err
	}
	rounds := int(sweepStale / sweepEvery)
	list, err := due(tx, tx.Now.Add(-sweepStale), tx.Now.Add(-sweepYounger), min(max(sweepAtLeast, (open+rounds-1)/rounds), sweepAtMost))
	if err != nil {
		return err
	}
	for _, order := range list {
		if order <= 0 {
			continue
		}
		if err := readAgain(tx, order, tx.Now, "sweep:"+strconv.FormatInt(tx.Now.Unix()/int64(sweepWindow/time.Second), 10)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) schedules() []queue.Schedule {
	return []queue.Schedule{{Name: TaskSweep, Every: sweepEvery, Begin: func(_ context.Context, tx *store.Tx) error {
		active, err := shops.Active(tx)
		if err != nil {
			return err
		}
		return queue.EnqueueFor(tx, queue.Request{Kind: TaskSweep}, active...)
	}}}
}
