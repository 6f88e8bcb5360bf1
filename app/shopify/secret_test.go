package shopify

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func ring(t *testing.T, entries ...string) *Keyring {
	t.Helper()
	k, err := ParseKeyring(strings.Join(entries, ","))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyringReadsItsVariable(t *testing.T) {
	key := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	for _, bad := range []string{
		"", ",", "a", "a:", ":" + key, "a:" + key + ",a:" + key, "a b:" + key, "a:%%%", "a:" + base64.StdEncoding.EncodeToString([]byte("short")),
		"a:" + key + ",", "a:" + base64.StdEncoding.EncodeToString(make([]byte, 32)), "a:" + base64.RawStdEncoding.EncodeToString(make([]byte, 32)), "a:" + key + "x",
	} {
		_, err := ParseKeyring(bad)
		if err == nil {
			t.Errorf("%q was accepted", bad)
		} else if strings.Contains(err.Error(), key[:10]) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
	ring(t, "a:"+key, NewKey("b-2_x"))
}

var place = Place{"shops_tokens", "access", 7, "7"}

func TestSealedValueOpensInItsPlaceOnly(t *testing.T) {
	k := ring(t, NewKey("a"))
	sealed := k.Seal(place, "shpat_canary")
	if strings.Contains(sealed, "canary") || !strings.HasPrefix(sealed, "a:") {
		t.Errorf("sealed as %s", sealed)
	}
	if again := k.Seal(place, "shpat_canary"); again == sealed {
		t.Error("the same value was sealed alike twice")
	}
	if got, err := k.Open(place, sealed); err != nil || got != "shpat_canary" {
		t.Errorf("got %q, %v", got, err)
	}
	for name, other := range map[string]Place{
		"table": {"shops_other", "access", 7, "7"}, "column": {"shops_tokens", "refresh", 7, "7"}, "shop": {"shops_tokens", "access", 8, "7"},
		"row": {"shops_tokens", "access", 7, "8"}, "moved border": {"shops_tokensa", "ccess", 7, "7"},
	} {
		if got, err := k.Open(other, sealed); !errors.Is(err, ErrSealed) {
			t.Errorf("opened in another %s: %q, %v", name, got, err)
		}
	}
	raw, err := base64.RawStdEncoding.DecodeString(sealed[2:])
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		raw[i] ^= 1
		if got, err := k.Open(place, "a:"+base64.RawStdEncoding.EncodeToString(raw)); !errors.Is(err, ErrSealed) {
			t.Fatalf("byte %d changed: %q, %v", i, got, err)
		}
		raw[i] ^= 1
	}
	for _, bad := range []string{"", "a", "a:", "a:AAAA", sealed + "A", "shpat_plain", "a:shpat_plain"} {
		if got, err := k.Open(place, bad); !errors.Is(err, ErrSealed) {
			t.Errorf("%q: got %q, %v", bad, got, err)
		}
	}
	if _, err := ring(t, NewKey("b")).Open(place, sealed); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("unknown key: %v", err)
	}
	if _, err := ring(t, NewKey("a")).Open(place, sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another key of the same id: %v", err)
	}
}

func TestKeysRotateUnderLoad(t *testing.T) {
	old := NewKey("old")
	before := ring(t, old)
	rows := make([]string, 200)
	for i := range rows {
		rows[i] = before.Seal(Place{"t", "c", 7, fmt.Sprint(i)}, fmt.Sprint("value ", i))
	}
	after := ring(t, NewKey("new"), old)
	var wg sync.WaitGroup
	for i := range rows {
		wg.Add(1)
		go func() {
			defer wg.Done()
			at := Place{"t", "c", 7, fmt.Sprint(i)}
			if !after.Stale(rows[i]) {
				t.Error("an old value is not stale")
			}
			value, err := after.Open(at, rows[i])
			if err != nil || value != fmt.Sprint("value ", i) {
				t.Errorf("row %d: %q, %v", i, value, err)
			}
			fresh := after.Seal(at, value)
			if after.Stale(fresh) || !strings.HasPrefix(fresh, "new:") {
				t.Errorf("row %d is still stale: %s", i, fresh)
			}
		}()
	}
	wg.Wait()
}

func TestDerivedKeysDifferByPurpose(t *testing.T) {
	k := ring(t, NewKey("a"), NewKey("b"))
	links, err := k.Derive("links")
	if err != nil {
		t.Fatal(err)
	}
	other, err := k.Derive("other")
	if err != nil {
		t.Fatal(err)
	}
	if len(links) != 2 || string(links[0]) == string(links[1]) || string(links[0]) == string(other[0]) || len(links[0]) != 32 {
		t.Error("derived keys are not apart")
	}
	if s := fmt.Sprintf("%v %+v %#v", k, k, k); strings.Contains(s, "AEAD") || len(s) > 60 {
		t.Errorf("the ring shows itself: %s", s)
	}
}
