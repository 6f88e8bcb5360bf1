package orders

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"afterglow/app/customers"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

const (
	importBatch = 500         // objects in one transaction
	importBytes = 16 << 20    // of their lines at most
	importTime  = time.Second // of reading them: on a slow line the bar moves too
	importTells = 3 * time.Second
	maxReason   = 300
)

// download reads the file from where we are, batch by batch, to its end or to
// the end of the slice.
func (r *importRun) download(ctx context.Context, address string) error {
	file, err := r.api.OpenBulk(ctx, address, r.m.BytesDone)
	if err != nil {
		return err
	}
	defer file.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// The next batch is read while this one is written.
	batches := make(chan readBatch)
	go readBatches(ctx, r.m.Object, shopify.NewBulkReader(file, r.m.BytesDone), batches)
	for {
		var next readBatch
		select {
		case next = <-batches:
		case <-ctx.Done():
			return ctx.Err()
		}
		if len(next.objects) > 0 { // also what came before the line broke
			if err := r.keep(ctx, next.objects, next.understood); err != nil {
				return err
			}
			queue.CrashPoint("import.after_batch")
		}
		switch {
		case errors.Is(next.end, io.EOF) && r.m.BytesDone < r.m.BytesTotal:
			return shopify.ErrUnavailable.With(io.ErrUnexpectedEOF)
		case errors.Is(next.end, io.EOF):
			return r.end(ctx)
		case next.end != nil:
			return shopify.ErrUnavailable.With(next.end)
		case time.Now().After(r.ends):
			return nil
		}
		if time.Since(r.logged) > importTells {
			r.tell(ctx, "import")
		}
	}
}

// readBatch is a batch and, when it is the last one, why.
type readBatch struct {
	objects    []*shopify.BulkObject
	understood brought
	end        error
}

// readBatches reads until the file ends or nobody wants more.
func readBatches(ctx context.Context, object string, in *shopify.BulkReader, to chan<- readBatch) {
	for last := false; !last; {
		var b readBatch
		began := time.Now()
		for size := int64(0); b.end == nil && len(b.objects) < importBatch && size < importBytes && (size == 0 || time.Since(began) < importTime); {
			var o *shopify.BulkObject
			if o, b.end = in.Next(); b.end == nil {
				b.objects = append(b.objects, o)
				size += o.End - o.Start
			}
		}
		b.understood = understand(object, b.objects)
		last = b.end != nil
		select {
		case to <- b:
		case <-ctx.Done():
			return
		}
	}
}

// brought is a batch, understood.
type brought struct {
	orders    []*Order
	customers []customers.Customer
	pictures  []pictureRow
	products  []*shopify.Product
	parked    []ImportLine
}

// keep writes one batch and how far we are, together. A batch that the database
// refuses is halved until the one object is alone that it refuses.
func (r *importRun) keep(ctx context.Context, batch []*shopify.BulkObject, b brought) error {
	var now Import
	err := r.c.Hold(ctx, func(tx *store.Tx) error {
		if tx.Postgres() { // a power cut takes the batch and its offset together
			if err := tx.Exec("SET LOCAL synchronous_commit TO off").Error; err != nil {
				return err
			}
		}
		last := batch[len(batch)-1]
		moved, err := moveImport(tx, r.m, map[string]any{"bytes_done": last.End, "done": r.m.Done + int64(len(batch)), "parked": r.m.Parked + int64(len(b.parked))})
		if err != nil {
			return err
		}
		if !moved {
			return errMoved
		}
		written, err := r.write(tx, b)
		if err != nil {
			return err
		}
		if err := tx.Scoped(&Import{}).Where("id = ?", r.m.ID).UpdateColumns(map[string]any{"written": r.m.Written + written}).Error; err != nil {
			return err
		}
		queue.CrashPoint("import.in_batch")
		now, err = findImport(tx, r.m.ID)
		return err
	})
	switch {
	case err == nil:
		r.m, r.read = &now, r.read+int64(len(batch))
		return nil
	case !refusedData(err):
		return err
	case len(batch) == 1 && batch[0].Err == nil:
		batch[0].Err = errors.New("the database does not take it")
		return r.keep(ctx, batch, understand(r.m.Object, batch))
	case len(batch) == 1:
		return err
	}
	half := len(batch) / 2
	if err := r.keep(ctx, batch[:half], understand(r.m.Object, batch[:half])); err != nil {
		return err
	}
	return r.keep(ctx, batch[half:], understand(r.m.Object, batch[half:]))
}

// refusedData tells whether PostgreSQL found a value that it cannot store; SQLite
// stores everything.
func refusedData(err error) bool {
	var coded interface{ SQLState() string }
	return errors.As(err, &coded) && strings.HasPrefix(coded.SQLState(), "22")
}

// understand reads the objects; what cannot be read is parked with its reason.
func understand(object string, batch []*shopify.BulkObject) (b brought) {
	for _, o := range batch {
		var err error
		switch shopify.BulkKind(object) {
		case shopify.BulkOrders:
			var order *Order
			if order, err = exportedOrder(o); err == nil {
				b.orders = append(b.orders, order)
			}
		case shopify.BulkCustomers:
			var c *shopify.Customer
			if c, err = o.Customer(); err == nil {
				b.customers = append(b.customers, customers.Customer{ID: int64(c.ID), Email: c.Email, Phone: c.Phone, FirstName: c.FirstName, LastName: c.LastName,
					Locale: c.Locale, State: strings.ToLower(c.State), VerifiedEmail: c.VerifiedEmail, UpdatedAt: instantOf(c.UpdatedAt)})
			}
		case shopify.BulkProducts:
			var p *shopify.Product
			if p, err = o.Product(); err == nil {
				p.Title, p.URL = clean(p.Title), clean(p.URL)
				b.products = append(b.products, p)
			}
			if err == nil && p.Image != nil && p.Image.URL != "" {
				for _, variant := range p.Variants {
					b.pictures = append(b.pictures, pictureRow{ProductID: p.ID, VariantID: variant, URL: clean(p.Image.URL), Alt: clean(p.Image.Alt)})
				}
			}
		default:
			err = fmt.Errorf("nobody imports %s", object)
		}
		if err != nil {
			reason := err.Error()
			b.parked = append(b.parked, ImportLine{BytesAt: o.Start, ObjectGID: short(o.GID), Reason: reason[:min(len(reason), maxReason)]})
		}
	}
	return b
}

func short(gid string) string {
	gid = clean(gid)
	if len(gid) > 100 || !strings.HasPrefix(gid, "gid://shopify/") {
		return ""
	}
	return gid
}

// exportedOrder reads an order of an export. Which lines were refunded and sent
// is not in there, and follows from the rest where there is only one answer.
func exportedOrder(in *shopify.BulkObject) (*Order, error) {
	remote, err := in.Order()
	if err != nil {
		return nil, err
	}
	o, err := fromShopify(remote)
	if err != nil {
		return nil, err
	}
	if o.UpdatedAt.IsZero() || o.PlacedAt.IsZero() {
		return nil, ErrPayload.Detailf("The order has no date.")
	}
	if i := slices.IndexFunc(o.Refunds, func(f Refund) bool { return f.Money.positive() }); i >= 0 {
		// Without its lines a refund would look like an edit.
		for _, l := range o.Lines {
			if gone := l.Quantity - l.CurrentQuantity; gone > 0 {
				o.Refunds[i].Lines = append(o.Refunds[i].Lines, RefundLine{l.ID, gone})
			}
		}
	}
	if len(o.Fulfillments) == 1 && o.FulfillmentStatus == "fulfilled" {
		for _, l := range o.Lines {
			if l.RequiresShipping && l.Quantity > 0 {
				o.Fulfillments[0].Lines = append(o.Fulfillments[0].Lines, FulfillmentLine{l.ID, l.Quantity})
			}
		}
	}
	return o, nil
}

// write keeps a batch and returns how many of it were new or newer.
func (r *importRun) write(tx *store.Tx, b brought) (written int64, err error) {
	if err := parkLines(tx, r.m.ID, b.parked); err != nil {
		return 0, err
	}
	n, err := r.writeOrders(tx, b.orders)
	if err != nil {
		return 0, err
	}
	written += n
	if len(b.customers) > 0 {
		if n, err = customers.Import(tx, b.customers, *r.m.SnapshotAt); err != nil {
			return 0, err
		}
		written += n
	}
	if len(b.pictures) > 0 {
		if n, err = savePictureRows(tx, b.pictures); err != nil {
			return 0, err
		}
		written += n
	}
	for _, see := range r.s.catalogue {
		if err := see(tx, b.products); err != nil {
			return 0, err
		}
	}
	return written, nil
}

// writeOrders keeps orders whose whole story lies before the installation. In
// one that was placed or changed since, something is news: it is read by itself
// and takes the way of all news, unless its webhook has brought it already.
func (r *importRun) writeOrders(tx *store.Tx, list []*Order) (int64, error) {
	if len(list) == 0 {
		return 0, nil
	}
	installed, err := r.s.installedAt(tx)
	if err != nil {
		return 0, err
	}
	numbers := make([]int64, len(list))
	for i, o := range list {
		numbers[i] = o.ID
	}
	have, err := known(tx, numbers)
	if err != nil {
		return 0, err
	}
	var history []*Order
	place := map[int64]int{}
	for _, o := range list {
		at, ok := have[o.ID]
		if ok && !at.Before(o.UpdatedAt) {
			continue
		}
		if !o.UpdatedAt.Before(installed) {
			if err := readAgain(tx, o.ID, fmt.Sprintf("change:%d", o.UpdatedAt.UnixMicro())); err != nil {
				return 0, err
			}
			continue
		}
		if i, twice := place[o.ID]; twice {
			if o.UpdatedAt.After(history[i].UpdatedAt) {
				history[i] = o
			}
			continue
		}
		place[o.ID] = len(history)
		history = append(history, o)
	}
	if len(history) == 0 {
		return 0, nil
	}
	slices.SortFunc(history, func(a, b *Order) int { return int(min(max(a.ID-b.ID, -1), 1)) })
	p, err := r.s.policy(tx)
	if err != nil {
		return 0, err
	}
	for _, see := range r.s.history {
		if err := see(tx, history); err != nil {
			return 0, err
		}
	}
	return saveHistory(tx, history, *r.m.SnapshotAt, p)
}
