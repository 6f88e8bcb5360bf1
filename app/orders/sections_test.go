package orders

import (
	"context"
	"html/template"
	"strings"
	"testing"
	"time"

	"afterglow/app/locale"
	"afterglow/app/room"
	"afterglow/app/store"
)

func TestSectionsStandByRankAndEscapeWhatTheyShow(t *testing.T) {
	var s sections
	show := func(v any) func(context.Context, *store.Tx, room.PageView) (any, error) {
		return func(context.Context, *store.Tx, room.PageView) (any, error) { return v, nil }
	}
	for _, a := range []room.Section{
		{Name: "later", Rank: 2, Show: show("2"), Template: `<p>{{.}}</p>`, CSS: ".later{}"},
		{Name: "arrival", Rank: 1, Show: show("<script>1</script>"), Template: `<p>{{.}}</p>`},
		{Name: "silent", Rank: 0, Show: show(nil), Template: `<p>silent</p>`},
		{Name: "changes", Place: room.Aside, Show: show("3"), Template: `<p>{{number 3}}</p>`},
	} {
		if err := s.add(a); err != nil {
			t.Fatal(err)
		}
	}
	data := map[string]any{}
	if err := s.show(t.Context(), nil, room.PageView{Tag: locale.Match("fa"), Zone: time.UTC}, data); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"main": "<p>&lt;script&gt;1&lt;/script&gt;</p><p>2</p>", "aside": "<p>۳</p>"}
	for place, want := range want {
		got := ""
		for _, h := range data[place].([]template.HTML) {
			got += string(h)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", place, got, want)
		}
	}
	if data["arrival_shown"] != true || data["silent_shown"] != nil || !strings.Contains(string(data["section_css"].(template.CSS)), ".later") {
		t.Errorf("data: %v", data)
	}
	if s.add(room.Section{Name: "later"}) == nil || s.add(room.Section{Name: "broken", Template: "{{"}) == nil {
		t.Error("a second section of a name, or a broken template, was taken")
	}
}
