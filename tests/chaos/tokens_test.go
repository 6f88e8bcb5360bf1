package chaos

import (
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"afterglow/app/shopsim"
	"afterglow/app/store"
)

// R11: the access token has expired, two processes need it at once, Shopify's
// answer to the renewal is lost, and a worker is killed while it is out. The
// shop is not locked out and everything is done. (That parallel calls of one
// process renew once is proved beside the code, in app/shopify.)
func TestChaosR11Tokens(t *testing.T) {
	t.Parallel()
	began, random := time.Now(), dice(t)
	r := newRig(t, options{})
	rounds, each := size(1, 10), size(30, 20) // a round waits for a lease
	next := 1
	for round := range rounds {
		r.must(r.db.System(t.Context(), func(tx *store.Tx) error {
			return tx.Exec(`UPDATE shops_tokens SET expires_at = ?`, time.Now().Add(-time.Minute).UTC()).Error
		}))
		// The effect happens at Shopify, the answer never comes: as when we die between reply and store.
		r.must(r.sim.SetFaults(shopsim.Faults{Seed: seed + uint64(round), API: shopsim.APIFaults{FailAfter: 1, Times: 1, Operation: "access_token"}}))
		first, second := r.startWorker(""), r.startWorker("")
		var events []*event
		for range each {
			e := r.template.clone(next)
			// A product nobody has seen yet must be asked for at Shopify.
			e.body = unknownProduct(e.body, next)
			events = append(events, e)
			next++
		}
		var posting sync.WaitGroup
		posting.Go(func() { r.postAll(events, 8, 0) })
		time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
		first.kill()
		posting.Wait()
		third := r.startWorker("")
		r.until("the round's work", 100*time.Second, func() bool { return r.open() == 0 })
		second.terminate()
		third.terminate()
	}
	r.check(expected{copies: 2})
	if n := r.count(`SELECT count(*) FROM shops_tokens WHERE needs_reauth`); n != 0 {
		t.Errorf("%d shops are locked out", n)
	}
	if n := r.count(`SELECT count(*) FROM shops_tokens WHERE expires_at > ?`, time.Now().UTC()); n != 1 {
		t.Error("the token was not renewed")
	}
	figures(t, began, "%d rounds of an expired token, answer lost, worker killed: %d orders done, 0 shops locked out", rounds, next-1)
}

// unknownProduct gives the order's product an id that was never seen.
func unknownProduct(body []byte, n int) []byte {
	return productID.ReplaceAll(body, []byte(`"product_id":`+strconv.Itoa(40_000_000+n)))
}

var productID = regexp.MustCompile(`"product_id":\s*\d+`)
