package shops

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/ids"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
	"afterglow/migrations"
)

// states writes the steps as "goal=done sender=todo …".
func states(t *testing.T, db *store.DB, shop ids.Shop) string {
	t.Helper()
	var o Onboarding
	if err := db.Read(context.Background(), shop, func(tx *store.Tx) (err error) { o, err = Onboarded(tx); return err }); err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, s := range o.Steps {
		if (s.At == nil) != (s.State == StepTodo) {
			t.Errorf("%s is %s since %v", s.Step, s.State, s.At)
		}
		words = append(words, s.Step+"="+s.State)
	}
	return strings.Join(words, " ")
}

func TestStepsAreDoneSkippedAndTakenUpAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		in := func(fn func(tx *store.Tx) error) error { return db.InTx(context.Background(), storetest.Shop, fn) }
		set := func(step, state string) error {
			return in(func(tx *store.Tx) error { return setStep(tx, step, state) })
		}
		if got := states(t, db, storetest.Shop); strings.Contains(got, StepDone) || strings.Count(got, StepTodo) != len(Steps) {
			t.Errorf("a new shop: %s", got)
		}
		for _, wrong := range [][2]string{{"world", StepDone}, {StepGoal, "half"}} {
			if err := set(wrong[0], wrong[1]); !errors.Is(err, errStep) {
				t.Errorf("%v: %v", wrong, err)
			}
		}
		if err := errors.Join(set(StepBrand, StepSkipped), set(StepStyle, StepDone), set(StepStyle, StepSkipped)); err != nil {
			t.Fatal(err)
		}
		if got := states(t, db, storetest.Shop); got != "goal=todo sender=todo brand=skipped style=done policy=todo import=todo try=todo" {
			t.Errorf("what is done stays done: %s", got)
		}
		at := clk.Now()
		clk.Advance(time.Hour)
		if err := errors.Join(set(StepStyle, StepDone), set(StepBrand, StepDone), set(StepBrand, StepTodo)); err != nil {
			t.Fatal(err)
		}
		if err := in(func(tx *store.Tx) error { return ChooseGoal(tx, "riches") }); !errors.Is(err, errGoal) {
			t.Errorf("an unknown goal: %v", err)
		}
		for _, goal := range []string{GoalFewerRefunds, GoalWarmerBrand} {
			if err := in(func(tx *store.Tx) error { return ChooseGoal(tx, goal) }); err != nil {
				t.Fatal(err)
			}
		}
		if got := states(t, db, storetest.Shop); got != "goal=done sender=todo brand=todo style=done policy=todo import=todo try=todo" {
			t.Errorf("after another round: %s", got)
		}
		if err := in(func(tx *store.Tx) error {
			o, err := Onboarded(tx)
			if o.Goal != GoalWarmerBrand || !o.Steps[3].At.Equal(at) {
				t.Errorf("goal %q, style since %v, not %v", o.Goal, o.Steps[3].At, at)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got := states(t, db, storetest.Shop+1); strings.Contains(got, StepDone) {
			t.Errorf("another shop: %s", got)
		}
	})
}

// Whoever saves the settings anywhere has done the steps that they are about.
func TestSavingSettingsDoesTheirSteps(t *testing.T) {
	before := Settings{SenderName: "Alder", AccentColor: "#2a5bd7", ReturnsDays: 30}
	for want, change := range map[string]func(*Settings){
		"":              func(*Settings) {},
		"sender":        func(v *Settings) { v.PostalAddress = "1 Main Street" },
		"brand":         func(v *Settings) { v.LogoURL = "https://alder.example/logo.png" },
		"policy":        func(v *Settings) { v.ReturnsDays = 14 },
		"sender brand":  func(v *Settings) { v.SenderName, v.AccentColor = "Alder & Sons", "#111111" },
		"sender policy": func(v *Settings) { v.ReplyTo, v.ReturnsPolicyURL = "a@alder.example", "https://alder.example/returns" },
	} {
		after := before
		change(&after)
		if got := strings.Join(stepsOf(before, after), " "); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

// A shop from before there were steps that has saved its settings is not asked.
func TestShopsThatAreSetUpAreNotAskedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		script, err := migrations.Files.ReadFile(db.Dialect + "/0017_shops_onboarding.sql")
		if err != nil {
			t.Fatal(err)
		}
		_, derive, _ := strings.Cut(string(script), "INSERT INTO")
		derive, _, _ = strings.Cut(derive, ";")
		for shop, version := range map[ids.Shop]int{storetest.Shop: 2, storetest.Shop + 1: 1} {
			if err := db.InTx(context.Background(), shop, func(tx *store.Tx) error {
				row := beginningSettings(shopRow{ShopID: shop, Name: "Alder"}, clk.Now())
				row.Version = version
				if err := createSettings(tx, row); err != nil {
					return err
				}
				return tx.Exec("INSERT INTO"+derive+" AND s.shop_id = ?", shop).Error
			}); err != nil {
				t.Fatal(err)
			}
		}
		if got := states(t, db, storetest.Shop); got != "goal=skipped sender=done brand=done style=skipped policy=done import=skipped try=skipped" {
			t.Errorf("a shop that is set up: %s", got)
		}
		if got := states(t, db, storetest.Shop+1); strings.Count(got, StepTodo) != len(Steps) {
			t.Errorf("a shop that is not: %s", got)
		}
	})
}
