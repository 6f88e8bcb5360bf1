package orders

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/shops"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// What we suggest can be published as it is.
func TestEveryGoalHasASuggestionThatCanBePublished(t *testing.T) {
	s := &Service{renderer: mail.NewRenderer(locale.Spoken)}
	var goals []string
	for _, o := range overtures() {
		goals = append(goals, o.Goal)
		d := o.on(builtIn())
		if err := d.Validate(); err != nil {
			t.Errorf("%s: %v", o.Goal, err)
		}
		if wrong := lint(context.Background(), s.renderer, s.confirmation(), d); len(wrong) > 0 {
			t.Errorf("%s cannot be published: %v", o.Goal, wrong)
		}
		if !d.untouched() {
			t.Errorf("%s counts as somebody's own work", o.Goal)
		}
		d.Tone = "playful"
		if d.untouched() {
			t.Errorf("%s with another tone counts as nobody's work", o.Goal)
		}
		for style := range o.Layouts {
			usual, ours := slices.Sorted(slices.Values(mail.ConfirmationLayout(style))), slices.Sorted(slices.Values(o.Layouts[style]))
			if !reflect.DeepEqual(usual, ours) {
				t.Errorf("%s has the blocks %v in %s, not %v", o.Goal, ours, style, usual)
			}
		}
	}
	if !slices.Equal(goals, shops.Goals) {
		t.Errorf("suggestions for %v, but the goals are %v", goals, shops.Goals)
	}
}

func TestAGoalBeginsTheDraftAndSparesWhatSomebodyWrote(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		b := setup(t, db, clk)
		b.s.renderer = mail.NewRenderer(locale.Spoken)
		ctx := context.Background()
		draft := func() (d Design, revision int) {
			b.in(storetest.Shop, func(tx *store.Tx) error {
				draft, stored, err := draftDesign(tx)
				d, revision = draft, stored.Revision
				return err
			})
			return d, revision
		}
		choose := func(goal string, anyway bool) bool {
			t.Helper()
			began, err := b.s.chooseGoal(ctx, storetest.Shop, goal, anyway, "staff")
			if err != nil {
				t.Fatal(err)
			}
			return began
		}
		if _, err := b.s.chooseGoal(ctx, storetest.Shop, "riches", false, "staff"); err == nil {
			t.Error("an unknown goal was taken")
		}
		if !choose(shops.GoalWarmerBrand, false) {
			t.Error("the first goal began no draft")
		}
		if !choose(shops.GoalSecondOrders, false) {
			t.Error("another goal did not replace the suggestion")
		}
		d, revision := draft()
		if d.DefaultStyle != StyleSimilar || d.Tone != "friendly" || len(d.Rules) != 1 {
			t.Errorf("the draft is %s, %s, %v", d.DefaultStyle, d.Tone, d.Rules)
		}
		d.Tone, d.Signature.Name = "playful", "Maya"
		must(t, b.s.saveDraft(ctx, storetest.Shop, d, revision, "staff"))
		if choose(shops.GoalFewerQuestions, false) {
			t.Error("a goal replaced somebody's own choice")
		}
		if d, _ = draft(); d.Tone != "playful" {
			t.Errorf("the draft is now %s", d.Tone)
		}
		if !choose(shops.GoalFewerQuestions, true) {
			t.Error("asked for, it did not begin anew")
		}
		if d, revision = draft(); d.DefaultStyle != StyleReassuring || d.Signature.Name != "Maya" {
			t.Errorf("begun anew: %s, signed %q", d.DefaultStyle, d.Signature.Name)
		}
		must(t, b.s.publish(ctx, storetest.Shop, revision, 0, "staff"))
		b.in(storetest.Shop, func(tx *store.Tx) error {
			o, err := shops.Onboarded(tx)
			done := map[string]bool{}
			for _, s := range o.Steps {
				done[s.Step] = s.State == shops.StepDone
			}
			if !done[shops.StepGoal] || !done[shops.StepStyle] || !done[shops.StepTry] || done[shops.StepBrand] || o.Goal != shops.GoalFewerQuestions {
				t.Errorf("after publishing: %+v", o)
			}
			return err
		})
	})
}
