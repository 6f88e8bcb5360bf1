package boot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"afterglow/app/shopsim"
)

// storyDays is how many days are played before somebody looks: long enough for a
// parcel to stall and for its shopper to be made an offer.
const storyDays = 14

// storyBegins is where the clock of a fresh demo stands.
const storyBegins = -storyDays*day - time.Hour

// settleLimit is how long one scene may take until nothing is under way any more.
const settleLimit = 30 * time.Second

// story plays the last days of the demo's shop, on a clock that runs fast: orders,
// parcels, and what shoppers and the merchant did on the app's own pages. Nothing is
// written past the app: it hears webhooks, answers requests, and sends mails.
type story struct {
	house  *House
	sim    *shopsim.Sim
	shop   *shopsim.Shop
	client *http.Client
	app    string // the app's origin
	ahead  func() time.Duration
	to     func(time.Duration) error // moves the clock to so much ahead of the machine's

	scenes  []scene
	orders  map[string]*shopsim.Order
	parcels map[string]int64
}

// scene is what happens at one moment, counted from the end of the story.
type scene struct {
	at   time.Duration
	what string
	play func(ctx context.Context) error
}

// played marks a demo whose story is over, or that began without one.
func (d *demo) played() string { return filepath.Join(d.dir, "played") }

// play tells the story, once in the life of a demo. One that was interrupted is left
// as it is: the clock goes on to now.
func (d *demo) play(ctx context.Context, h *House, sim *shopsim.Sim, out io.Writer) error {
	if _, err := os.Stat(d.played()); err == nil {
		return nil
	}
	s := &story{house: h, sim: sim, shop: sim.Shop(sim.ShopDomain()), app: "http://" + d.listen, client: &http.Client{Timeout: settleLimit},
		orders: map[string]*shopsim.Order{}, parcels: map[string]int64{}, ahead: d.clock.Ahead,
		to: func(ahead time.Duration) error { return d.advance(ahead-d.clock.Ahead(), h) }}
	if d.story && d.clock.Ahead() == storyBegins {
		s.cast()
		began := time.Now()
		if err := s.run(ctx, progress(out)); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			fmt.Fprintf(out, "The shop's last %d days were not played as they should be: %v\n", storyDays, err)
		} else {
			fmt.Fprintf(out, "Played the shop's last %d days in %.0f s.\n", storyDays, time.Since(began).Seconds())
		}
	}
	if behind := d.clock.Ahead(); behind < 0 {
		if err := d.advance(-behind, h); err != nil {
			return err
		}
	}
	debug.FreeOSMemory() // a fortnight was worked off in seconds; nothing will be that busy again
	return os.WriteFile(d.played(), nil, 0o600)
}

func (s *story) run(ctx context.Context, show func(done, of int, what string)) error {
	slices.SortStableFunc(s.scenes, func(a, b scene) int { return cmp.Compare(a.at, b.at) })
	if err := s.settle(ctx); err != nil { // the import of what was before
		return err
	}
	var missed error // a scene that fails leaves the others as they are
	for i := 0; i < len(s.scenes); {
		at := s.scenes[i].at
		show(i, len(s.scenes), s.scenes[i].what)
		if at > s.ahead() {
			if err := s.move(ctx, at); err != nil {
				return err
			}
		}
		for ; i < len(s.scenes) && s.scenes[i].at == at; i++ {
			if err := s.scenes[i].play(ctx); err != nil {
				missed = errors.Join(missed, fmt.Errorf("%s: %w", s.scenes[i].what, err))
			}
		}
		if err := s.settle(ctx); err != nil {
			return err
		}
	}
	show(len(s.scenes), len(s.scenes), "")
	return errors.Join(missed, s.move(ctx, 0))
}

// move turns the clock, and waits for what was due meanwhile.
func (s *story) move(ctx context.Context, ahead time.Duration) error {
	if err := s.to(ahead); err != nil {
		return err
	}
	s.house.Queue.BeginDue(ctx)
	return s.settle(ctx)
}

// settle waits until the shop has told everything and the app has worked it off.
func (s *story) settle(ctx context.Context) error {
	for end := time.Now().Add(settleLimit); ; {
		if s.sim.Settled() {
			idle, err := s.house.Queue.Idle(ctx)
			if err != nil {
				return err
			}
			if idle {
				return nil
			}
		}
		if time.Now().After(end) {
			return fmt.Errorf("the app is still busy after %.0f s", settleLimit.Seconds())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(3 * time.Millisecond):
		}
	}
}

// progress shows how far the story is: a line that moves where somebody looks at it.
func progress(out io.Writer) func(done, of int, what string) {
	live, last := isTerminal(out), -1
	return func(done, of int, what string) {
		if share := done * 4 / max(1, of); !live && share != last {
			last = share
			fmt.Fprintf(out, "Playing the shop's last %d days: %d %%\n", storyDays, done*100/max(1, of))
		} else if live {
			fmt.Fprintf(out, "\r\x1b[KPlaying the shop's last %d days: %3d %%  %s", storyDays, done*100/max(1, of), what)
			if done == of {
				fmt.Fprint(out, "\r\x1b[K")
			}
		}
	}
}

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// add puts a scene into the story; ago is counted back from its end.
func (s *story) add(ago time.Duration, what string, play func(ctx context.Context) error) {
	s.scenes = append(s.scenes, scene{-ago, what, play})
}

// buys lets somebody the shop knows place an order. The name stands for it from then on.
func (s *story) buys(name string, ago time.Duration, email string, c shopsim.Checkout) {
	s.add(ago, name+" buys", func(context.Context) error {
		c.Customer = &shopsim.CheckoutCustomer{Email: email}
		o, err := s.sim.PlaceOrder(s.shop.ID, c)
		s.orders[name] = o
		return err
	})
}

// ships sends what is open of an order, or one of its lines.
func (s *story) ships(name, parcel string, ago time.Duration, carrier, number string, line ...int) {
	s.add(ago, parcel+" is sent", func(context.Context) error {
		in := shopsim.FulfillInput{Company: carrier, Number: number}
		for _, i := range line {
			l := s.orders[name].Lines[i]
			in.Lines = append(in.Lines, shopsim.FulfillLineInput{LineItemID: l.ID, Quantity: l.Quantity})
		}
		f, err := s.sim.Fulfill(s.shop.ID, s.orders[name].ID, in)
		if err == nil {
			s.parcels[parcel] = f.ID
		}
		return err
	})
}

// scan is a carrier's scan of a parcel. due is the carrier's own day, counted like ago.
func (s *story) scan(parcel string, ago time.Duration, status, city, country string, due ...time.Duration) {
	s.scanned(parcel, ago, shopsim.EventInput{Status: status, City: city, Country: country}, due...)
}

func (s *story) scanned(parcel string, ago time.Duration, in shopsim.EventInput, due ...time.Duration) {
	s.add(ago, parcel+": "+in.Status, func(context.Context) error {
		for _, d := range due {
			at := s.sim.Now().Add(ago - d)
			in.EstimatedAt = &at
		}
		_, err := s.sim.AddEvent(s.shop.ID, s.parcels[parcel], in)
		return err
	})
}

// does is something a shopper does on the pages of an order.
func (s *story) does(name string, ago time.Duration, what string, act func(ctx context.Context, page string, o *shopsim.Order) error) {
	s.add(ago, name+" "+what, func(ctx context.Context) error {
		page, err := s.page(ctx, s.orders[name].Email, s.orders[name].Name)
		if err != nil {
			return err
		}
		return act(ctx, page, s.orders[name])
	})
}
