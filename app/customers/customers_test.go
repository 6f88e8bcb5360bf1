package customers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/room"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

type webhook struct {
	topic     string
	body      string
	triggered time.Time
}

func hear(t testing.TB, db *store.DB, w webhook) error {
	t.Helper()
	return db.InTx(context.Background(), storetest.Shop, func(tx *store.Tx) error {
		ev := &shopify.Event{Shop: storetest.Shop, Topic: w.topic, TriggeredAt: w.triggered, ReceivedAt: storetest.Noon, Body: []byte(w.body)}
		return New().Room().Topics[w.topic](context.Background(), tx, ev)
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func payload(id int64, updated time.Time, name string) string {
	return fmt.Sprintf(`{"id":%d,"email":"Ada%d@Example.com","phone":null,"first_name":%q,"last_name":"L","state":"enabled","verified_email":true,"updated_at":%q}`,
		id, id, name, updated.Format(time.RFC3339))
}

func held(t testing.TB, db *store.DB, id int64) (c Customer) {
	t.Helper()
	must(t, db.Read(context.Background(), storetest.Shop, func(tx *store.Tx) (err error) {
		c, err = Find(tx, id)
		return err
	}))
	return c
}

// R2 for customers: whatever comes first, the newest payload stays, and an end is
// an end.
func TestAnyOrderOfEventsEndsTheSame(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		r := rand.New(rand.NewPCG(seed, 3))
		for id := int64(1); id <= 150; id++ {
			updated, triggered := storetest.Noon, storetest.Noon.Add(time.Millisecond)
			var told []webhook
			name := ""
			for i := range 1 + r.IntN(5) {
				name = fmt.Sprintf("Ada %d", i)
				told = append(told, webhook{"customers/update", payload(id, updated, name), triggered})
				triggered = triggered.Add(time.Duration(1+r.IntN(700)) * time.Millisecond)
				updated = updated.Add(time.Duration(r.IntN(2)) * time.Second)
			}
			told[0].topic = "customers/create"
			deleted := r.IntN(5) == 0
			if deleted {
				told = append(told, webhook{"customers/delete", fmt.Sprintf(`{"id":%d}`, id), triggered})
			}
			for range r.IntN(4) {
				told = append(told, told[r.IntN(len(told))])
			}
			r.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
			for _, w := range told {
				must(t, hear(t, db, w))
			}
			c := held(t, db, id)
			if deleted && (c.Known() || c.Name() != "" || c.Email != "") {
				t.Errorf("customer %d was deleted: %+v", id, c)
			}
			if !deleted && (c.FirstName != name || c.Email != fmt.Sprintf("ada%d@example.com", id)) {
				t.Errorf("customer %d: %+v, want %s", id, c, name)
			}
		}
	})
}

func TestPublishedPayloadsAreTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		for _, topic := range []string{"customers/create", "customers/update", "customers/delete"} {
			b, err := os.ReadFile("testdata/published/2026-07-" + strings.ReplaceAll(topic, "/", "-") + ".json")
			must(t, err)
			must(t, hear(t, db, webhook{topic, string(b), storetest.Noon}))
		}
		if c := held(t, db, 706405506930370000); c.Known() {
			t.Errorf("after the deletion: %+v", c)
		}
	})
}

func TestParse(t *testing.T) {
	for _, bad := range []string{``, `null`, `[]`, `{`, `{}`, `{"id":null}`, `{"id":-4}`, `{"id":1.5}`, `{"id":"x"}`, `"x"`, `{"id":99999999999999999999}`} {
		if _, err := Parse([]byte(bad)); !errors.Is(err, ErrPayload) {
			t.Errorf("%s: %v, want ErrPayload", bad, err)
		}
	}
	c, err := Parse([]byte(`{"id":"12","email":{"a":1},"first_name":17,"last_name":"a\u0000b","state":null,"verified_email":"true","updated_at":"soon","phone":["x"]}`))
	if err != nil || c.ID != 12 || c.Email != "" || c.FirstName != "17" || c.LastName != "ab" || !c.VerifiedEmail || !c.UpdatedAt.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestErasureAndExport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		must(t, hear(t, db, webhook{"customers/create", payload(1, storetest.Noon, "Canary"), storetest.Noon}))
		must(t, hear(t, db, webhook{"customers/create", payload(2, storetest.Noon, "Other"), storetest.Noon}))
		person := room.Person{CustomerID: 9, Email: "ADA1@example.com"} // 9 is on its way
		s := New()
		must(t, db.InTx(context.Background(), storetest.Shop, func(tx *store.Tx) error {
			out, err := s.export(context.Background(), tx, person)
			if err != nil {
				return err
			}
			text, err := json.Marshal(out)
			if !strings.Contains(string(text), "Canary") || strings.Contains(string(text), "Other") {
				t.Errorf("export %s", text)
			}
			if err != nil {
				return err
			}
			return s.erase(context.Background(), tx, person)
		}))
		for _, w := range []webhook{
			{"customers/update", payload(1, storetest.Noon.Add(time.Hour), "Canary"), storetest.Noon.Add(time.Hour)},
			{"customers/create", payload(9, storetest.Noon.Add(time.Hour), "Canary"), storetest.Noon.Add(time.Hour)},
		} {
			must(t, hear(t, db, w))
		}
		for _, id := range []int64{1, 9} {
			if c := held(t, db, id); c.Known() || c.Name() != "" || c.Email != "" {
				t.Errorf("customer %d: %+v", id, c)
			}
		}
		if c := held(t, db, 2); c.FirstName != "Other" {
			t.Errorf("the other customer: %+v", c)
		}
	})
}

func TestAnotherShopsCustomerIsNotFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fixed) {
		must(t, hear(t, db, webhook{"customers/create", payload(1, storetest.Noon, "Ada"), storetest.Noon}))
		err := db.Read(context.Background(), storetest.Other, func(tx *store.Tx) error { _, err := Find(tx, 1); return err })
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%v, want ErrNotFound", err)
		}
		if !slices.Contains(New().Room().Tables, "customers") {
			t.Error("the table has no owner")
		}
	})
}

func TestImportedTwiceInOneGo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		err := db.InTx(context.Background(), storetest.Shop, func(tx *store.Tx) error {
			written, err := Import(tx, []Customer{
				{ID: 5, Email: "Old@example.com", UpdatedAt: tx.Now.Add(-time.Hour)}, {ID: 5, Email: "New@example.com", UpdatedAt: tx.Now},
				{ID: 4, Email: "else@example.com", UpdatedAt: tx.Now}, {ID: 5, UpdatedAt: tx.Now.Add(-2 * time.Hour)},
			}, tx.Now)
			if err != nil || written != 2 {
				t.Errorf("%d were written, %v", written, err)
			}
			again, err := Import(tx, []Customer{{ID: 5, Email: "late@example.com", UpdatedAt: tx.Now.Add(-time.Minute)}}, tx.Now)
			if err != nil || again != 0 {
				t.Errorf("%d were written again, %v", again, err)
			}
			c, err := Find(tx, 5)
			if err != nil || c.Email != "new@example.com" {
				t.Errorf("%+v, %v", c, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
