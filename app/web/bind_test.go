package web

import (
	"errors"
	"strings"
	"testing"
	"time"

	"afterglow/app/problem"
)

type sender struct {
	Name  string `json:"sender_name"`
	Days  int    `json:"returns_days"`
	Inner struct {
		A string `json:"a"`
	} `json:"inner"`
	List []string `json:"list"`
}

func (s *sender) Validate() error {
	if s.Days < 0 {
		return problem.New(problem.Invalid, "x.days", "Days cannot be negative.").WithFields(problem.Field{Field: "returns_days", Detail: "is negative"})
	}
	return nil
}

func TestBindIsStrict(t *testing.T) {
	h := newHouse(t)
	var got sender
	h.Group("/api", Public).PUT("/s", func(c *Ctx) error {
		got = sender{}
		if err := c.Bind(&got); err != nil {
			return err
		}
		return c.NoContent()
	}, Body(2000))
	const media = "application/json"
	rows := []struct {
		name, media, body string
		status            int
	}{
		{"good", media, `{"sender_name":"Lumen","returns_days":30}`, 204},
		{"good with charset", "application/json; charset=utf-8", ` {"sender_name":"é"} ` + "\n", 204},
		{"empty object", media, `{}`, 204},
		{"no media type", "", `{}`, 415},
		{"form", "application/x-www-form-urlencoded", `sender_name=x`, 415},
		{"text", "text/plain", `{}`, 415},
		{"problem", "application/problem+json", `{}`, 415},
		{"empty", media, ``, 400},
		{"not JSON", media, `hello`, 400},
		{"half", media, `{"sender_name":"Lu`, 400},
		{"unknown field", media, `{"sender_name":"x","shop_id":2}`, 400},
		{"unknown inner field", media, `{"inner":{"a":"x","b":1}}`, 400},
		{"name twice", media, `{"sender_name":"x","sender_name":"y"}`, 400},
		{"name twice in other case", media, `{"sender_name":"x","Sender_Name":"y"}`, 400},
		{"inner name twice", media, `{"inner":{"a":"x","a":"y"}}`, 400},
		{"two values", media, `{}{}`, 400},
		{"something behind", media, `{} x`, 400},
		{"wrong type", media, `{"returns_days":"30"}`, 400},
		{"fraction", media, `{"returns_days":1.5}`, 400},
		{"overflow", media, `{"returns_days":99999999999999999999}`, 400},
		{"list", media, `[]`, 400},
		{"not UTF-8", media, "{\"sender_name\":\"\xff\"}", 400},
		{"deep", media, strings.Repeat("[", 500) + strings.Repeat("]", 500), 400},
		{"comment", media, `{/*x*/}`, 400},
		{"byte order mark", media, "\ufeff{}", 400},
		{"does not validate", media, `{"returns_days":-1}`, 422},
		{"too large", media, `{"sender_name":"` + strings.Repeat("a", 2000) + `"}`, 413},
	}
	for _, row := range rows {
		w := h.do("PUT", "/api/s", row.body, "Content-Type", row.media)
		if w.Code != row.status {
			t.Errorf("%s: %d %s, want %d", row.name, w.Code, w.Body, row.status)
		}
	}
	if w := h.do("PUT", "/api/s", `{"x_unknown":1}`, "Content-Type", media); !strings.Contains(w.Body.String(), `"field":"x_unknown"`) {
		t.Errorf("the unknown field is not named: %s", w.Body)
	}
	if w := h.do("PUT", "/api/s", `{"returns_days":"30"}`, "Content-Type", media); !strings.Contains(w.Body.String(), `"field":"returns_days"`) {
		t.Errorf("the wrong field is not named: %s", w.Body)
	}
	if h.do("PUT", "/api/s", `{"sender_name":"Lumen","returns_days":30,"inner":{"a":"x"},"list":["a"]}`, "Content-Type", media); got.Name != "Lumen" || got.Days != 30 || got.Inner.A != "x" || len(got.List) != 1 {
		t.Errorf("got %+v", got)
	}
}

func FuzzBind(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":{"a":1,"A":2}}`, `[`, `{"sender_name":1}`, strings.Repeat("[", 40)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var s sender
		err := decodeStrict(body, &s)
		if err != nil && !errors.Is(err, errJSON) {
			t.Fatalf("%q: %v", body, err)
		}
	})
}

func TestLinksSignAndOpen(t *testing.T) {
	h := newHouse(t)
	link := Link{980190962, "order", "5678-1_a.b:c", testNow.Add(365 * 24 * time.Hour)}
	token, err := h.links.Sign(link)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.links.Open("order", token); err != nil || got != link {
		t.Errorf("got %+v, %v", got, err)
	}
	if len(token) > 100 || strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		t.Errorf("token %q", token)
	}
	for i := range token {
		changed := token[:i] + flip(token[i:i+1]) + token[i+1:]
		if _, err := h.links.Open("order", changed); err == nil {
			t.Fatalf("letter %d changed and it opened", i)
		}
	}
	for _, bad := range []Link{{0, "order", "1", testNow}, {-1, "order", "1", testNow}, {1, "", "1", testNow}, {1, "Order", "1", testNow}, {1, "order", "", testNow},
		{1, "order", "a b", testNow}, {1, "order", strings.Repeat("1", 200), testNow}, {1, "order", "1", time.Time{}}} {
		if token, err := h.links.Sign(bad); err == nil {
			t.Errorf("%+v was signed: %s", bad, token)
		}
	}
	old, fresh := []byte(strings.Repeat("o", 32)), []byte(strings.Repeat("f", 32))
	before, err := NewLinks(h.links.clock, old)
	if err != nil {
		t.Fatal(err)
	}
	after, err := NewLinks(h.links.clock, fresh, old)
	if err != nil {
		t.Fatal(err)
	}
	token, err = before.Sign(link)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := after.Open("order", token); err != nil {
		t.Errorf("a link of before the rotation: %v", err)
	}
	if _, err := h.links.Open("order", token); !errors.Is(err, ErrLink) {
		t.Errorf("a link of another key: %v", err)
	}
	if _, err := NewLinks(h.links.clock); err == nil {
		t.Error("links without a key")
	}
	if _, err := NewLinks(h.links.clock, []byte("short")); err == nil {
		t.Error("links with a short key")
	}
}

func FuzzLink(f *testing.F) {
	links, err := NewLinks(fixedNow{}, []byte(strings.Repeat("k", 32)))
	if err != nil {
		f.Fatal(err)
	}
	token, err := links.Sign(Link{1, "order", "1", testNow.Add(time.Hour)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := links.Open("order", s); err == nil && s != token {
			t.Fatalf("%q opened as %+v", s, got)
		}
	})
}

type fixedNow struct{}

func (fixedNow) Now() time.Time { return testNow }
