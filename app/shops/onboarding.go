package shops

import (
	"slices"
	"time"

	"afterglow/app/problem"
	"afterglow/app/store"
)

// The steps from installed to proud of it. Their order is a suggestion: each can
// be taken, skipped and taken up again at any time.
const (
	StepGoal   = "goal"
	StepSender = "sender"
	StepBrand  = "brand"
	StepStyle  = "style"
	StepPolicy = "policy"
	StepImport = "import"
	StepTry    = "try"
)

// Steps are all of them, in the order in which they are shown.
var Steps = []string{StepGoal, StepSender, StepBrand, StepStyle, StepPolicy, StepImport, StepTry}

// The states of a step.
const (
	StepTodo    = "todo"
	StepDone    = "done"
	StepSkipped = "skipped"
)

// Goals are what a merchant may want most of the app.
var Goals = []string{GoalFewerQuestions, GoalSecondOrders, GoalFewerRefunds, GoalWarmerBrand}

// The goals.
const (
	GoalFewerQuestions = "fewer_questions" // "where is my order?"
	GoalSecondOrders   = "second_orders"
	GoalFewerRefunds   = "fewer_refunds"
	GoalWarmerBrand    = "warmer_brand"
)

// Step is one step and how it stands.
type Step struct {
	Step  string     `json:"step"`
	State string     `json:"state"`
	At    *time.Time `json:"at"` // since when; nil of one that is still to do
}

// Onboarding is how far a shop is.
type Onboarding struct {
	Goal  string `json:"goal"` // "" as long as none is chosen
	Steps []Step `json:"steps"`
}

var (
	errStep = problem.New(problem.Invalid, "shops.onboarding_step", "There is no such step, or a step cannot be in this state.")
	errGoal = problem.New(problem.Invalid, "shops.onboarding_goal", "Choose one of the goals.")
)

// Onboarded reads how far the shop of the transaction is.
func Onboarded(tx *store.Tx) (Onboarding, error) {
	rows, err := findSteps(tx)
	if err != nil {
		return Onboarding{}, err
	}
	o := Onboarding{Steps: make([]Step, len(Steps))}
	for i, name := range Steps {
		o.Steps[i] = Step{Step: name, State: StepTodo}
		if row, ok := rows[name]; ok {
			at := row.ChangedAt.UTC()
			o.Steps[i].State, o.Steps[i].At = row.State, &at
			if name == StepGoal {
				o.Goal = row.Choice
			}
		}
	}
	return o, nil
}

// FinishStep notes that a step is done, wherever it was done. One that is done
// already keeps its time.
func FinishStep(tx *store.Tx, step string) error { return finishStep(tx, step, "") }

// ChooseGoal keeps what the merchant wants most.
func ChooseGoal(tx *store.Tx, goal string) error {
	if !slices.Contains(Goals, goal) {
		return errGoal
	}
	return finishStep(tx, StepGoal, goal)
}

func setStep(tx *store.Tx, step, state string) error {
	switch {
	case !slices.Contains(Steps, step):
		return errStep
	case state == StepTodo:
		return dropStep(tx, step)
	case state == StepDone:
		return FinishStep(tx, step)
	case state == StepSkipped:
		return skipStep(tx, step)
	}
	return errStep
}

// stepsOf are the steps that a change of the settings is about: whoever saves
// them anywhere has done them.
func stepsOf(before, after Settings) (steps []string) {
	if before.SenderName != after.SenderName || before.ReplyTo != after.ReplyTo || before.PostalAddress != after.PostalAddress || before.SupportEmail != after.SupportEmail {
		steps = append(steps, StepSender)
	}
	if before.LogoURL != after.LogoURL || before.AccentColor != after.AccentColor {
		steps = append(steps, StepBrand)
	}
	if before.ReturnsDays != after.ReturnsDays || before.ReturnsPolicyURL != after.ReturnsPolicyURL {
		steps = append(steps, StepPolicy)
	}
	return steps
}
