package policy

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/orders"
	"afterglow/app/problem"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/store"
)

// The tasks of this room.
const (
	TaskProducts  = "policy.products"  // read the products of an order
	TaskCatalogue = "policy.catalogue" // read all, for a policy that begins to ask about them
)

const (
	productFresh  = 24 * time.Hour // how long what was read is believed when an order comes
	productsAtOne = 50             // products that one question names
)

// Reader is one shop's Admin API, as far as this room needs it.
type Reader interface {
	Products(ctx context.Context, ids []int64) ([]shopify.ProductFacts, error)
	Catalogue(ctx context.Context, after string) (list []shopify.ProductFacts, next string, err error)
}

// asksForProducts tells whether a rule needs what only reading a product tells.
func (p Policy) asksForProducts() bool {
	for _, s := range p.Sections {
		for _, r := range s.Rules {
			for _, c := range r.When {
				if c.Kind == ProductType || c.Kind == ProductTag || c.Kind == Collection {
					return true
				}
			}
		}
	}
	return false
}

// onPlaced has the products of a new order read, if the policy asks about them
// and they are not known. The facts are those of the purchase: how a product is
// sorted later does not reach back.
func (s *Service) onPlaced(_ context.Context, tx *store.Tx, job queue.Job) error {
	used, err := s.Published(tx)
	if err != nil || !used.Policy.asksForProducts() {
		return err
	}
	id, err := strconv.ParseInt(job.Ref, 10, 64)
	if err != nil {
		return problem.New(problem.Invalid, "policy.bad_ref", "The job names no order.").With(err)
	}
	wanted, err := unread(tx, id)
	if err != nil || len(wanted) == 0 {
		return err
	}
	return queue.Enqueue(tx, queue.Request{Kind: TaskProducts, Ref: job.Ref, Once: job.Ref})
}

// unread are the order's products that are not known, or not freshly.
func unread(tx *store.Tx, order int64) ([]int64, error) {
	o, err := orders.Find(tx, order)
	if err != nil {
		if problem.Of(err).Is(orders.ErrNotFound) {
			return nil, nil
		}
		return nil, err
	}
	wanted := productsOf(o)
	known, err := freshProducts(tx, wanted, tx.Now.Add(-productFresh))
	return slices.DeleteFunc(wanted, func(id int64) bool { return slices.Contains(known, id) }), err
}

// productsOf are the products of an order, each once.
func productsOf(o *orders.Order) (wanted []int64) {
	for _, l := range o.Lines {
		if l.ProductID != 0 && !slices.Contains(wanted, l.ProductID) {
			wanted = append(wanted, l.ProductID)
		}
	}
	return wanted
}

// inParts reads as many at a time as one question may name.
func inParts(wanted []int64, read func(part []int64) ([]shopify.ProductFacts, error)) (all []shopify.ProductFacts, err error) {
	for part := range slices.Chunk(wanted, productsAtOne) {
		list, err := read(part)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

func (s *Service) readProducts(ctx context.Context, c *queue.Claim) error {
	var wanted []int64
	err := s.db.Read(ctx, c.Job.Shop, func(tx *store.Tx) error {
		id, err := strconv.ParseInt(c.Job.Ref, 10, 64)
		if err != nil {
			return problem.New(problem.Invalid, "policy.bad_ref", "The job names no order.").With(err)
		}
		wanted, err = unread(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	read, err := inParts(wanted, func(part []int64) ([]shopify.ProductFacts, error) {
		return s.reader(c.Job.Shop).Products(shopify.Background(ctx), part)
	})
	if err != nil {
		return later(s, err)
	}
	return c.Finish(ctx, func(tx *store.Tx) error { return keepProducts(tx, read) })
}

// readCatalogue reads a page of the shop's products and asks for the next, so that
// a shop with many, which Shopify makes us wait for, gets to the end of them. The
// job names the version that began to ask and the place to go on from.
func (s *Service) readCatalogue(ctx context.Context, c *queue.Claim) error {
	version, after, _ := strings.Cut(c.Job.Ref, " ")
	read, next, err := s.reader(c.Job.Shop).Catalogue(shopify.Background(ctx), after)
	if err != nil {
		return later(s, err)
	}
	return c.Finish(ctx, func(tx *store.Tx) error {
		if err := keepProducts(tx, read); err != nil || next == "" {
			return err
		}
		ref := version + " " + next
		return queue.Enqueue(tx, queue.Request{Kind: TaskCatalogue, Ref: ref, Once: ref})
	})
}

// later waits as long as Shopify asks; nobody is waiting for us.
func later(s *Service, err error) error {
	if wait, throttled := shopify.RetryAfter(err); throttled {
		return queue.Later(s.db.Clock().Now().Add(wait), err)
	}
	return err
}

func keepProducts(tx *store.Tx, read []shopify.ProductFacts) error {
	for _, f := range read {
		if err := saveProduct(tx, f.ID, Product{Type: f.Type, Tags: f.Tags, Collections: f.Collections}); err != nil {
			return err
		}
	}
	return nil
}

// Readers gives a Reader for one job in one shop.
type Readers func(shop ids.Shop) Reader
