package messages

import (
	"time"

	"afterglow/app/mail"
	"afterglow/app/problem"
	"afterglow/app/store"
)

// Level is which mails somebody wants.
type Level string

// The levels, from most to least.
const (
	LevelAll    Level = "all"
	LevelNeeded Level = "needed"
	LevelLeast  Level = "least"
)

// Levels in the order in which a page offers them.
var Levels = []Level{LevelAll, LevelNeeded, LevelLeast}

// wants tells whether a mail of the importance is sent at the level.
func (l Level) wants(i mail.Importance) bool {
	switch l {
	case LevelLeast:
		return i == mail.Required
	case LevelNeeded:
		return i != mail.Nice
	}
	return true
}

// Dial is a shopper's choice.
type Dial struct {
	Level    Level
	ChosenAt *time.Time // nil: never
}

// ErrLevel is a choice that there is not.
var ErrLevel = problem.New(problem.Invalid, "messages.level", "Choose one of the levels of messages that the page offers.")

// SetDial keeps what the address chose. It counts from now on, for mails that are
// waiting as well.
func SetDial(tx *store.Tx, address string, level Level) error {
	for _, known := range Levels {
		if level == known {
			return saveDial(tx, address, level)
		}
	}
	return ErrLevel
}

// declined stops a mail that its recipient would rather do without.
func declined(tx *store.Tx, address string, kind mail.Kind) error {
	if kind.Importance == mail.Required {
		return nil
	}
	d, err := DialOf(tx, address)
	if err != nil || d.Level.wants(kind.Importance) {
		return err
	}
	return mail.Stop("the shopper chose fewer messages")
}
