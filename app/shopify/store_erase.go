package shopify

import (
	"bytes"
	"strings"

	"afterglow/app/queue"
	"afterglow/app/store"
)

// keptBodies is how many bodies are held in memory at once while looking through them.
const keptBodies = 100

// A body that still lies in the inbox, because it waits or could not be understood.
type body struct {
	ID, Topic string
	Text      string
}

// InboxNaming lists what still lies in the shop's inbox and names a person: by a
// text such as an e-mail address, whatever its case, or by a number that stands
// alone. Most of it could not be understood, so it is searched as text.
func InboxNaming(tx *store.Tx, texts []string, numbers []string) (found []map[string]any, err error) {
	err = eachNaming(tx, texts, numbers, func(b body) error {
		found = append(found, map[string]any{"id": b.ID, "topic": b.Topic, "body": b.Text})
		return nil
	})
	return found, err
}

// EraseInboxNaming drops those bodies, and stops the jobs that wait with them: what
// they tell of a person must not come back. It returns the rows' ids.
func EraseInboxNaming(tx *store.Tx, texts []string, numbers []string) (erased []string, err error) {
	err = eachNaming(tx, texts, numbers, func(b body) error {
		erased = append(erased, b.ID)
		if _, err := queue.Stop(tx, TaskReceive, b.ID, ""); err != nil {
			return err
		}
		return markDone(tx, b.ID, "")
	})
	return erased, err
}

func eachNaming(tx *store.Tx, texts, numbers []string, each func(body) error) error {
	for after := ""; ; {
		var rows []InboxRow
		if err := tx.Scoped(&InboxRow{}).Where("body IS NOT NULL AND id > ?", after).Order("id").Limit(keptBodies).Find(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			after = r.ID
			// A request of Shopify's about the person is worked off, not dropped,
			// unless it cannot be understood.
			if isCompliance(r.Topic) && !parked(tx, r.ID) {
				continue
			}
			if !names(r.Body, texts, numbers) {
				continue
			}
			if err := each(body{r.ID, r.Topic, string(r.Body)}); err != nil {
				return err
			}
		}
		if len(rows) < keptBodies {
			return nil
		}
	}
}

func parked(tx *store.Tx, id string) bool {
	jobs, err := queue.About(tx, id)
	for _, j := range jobs {
		if err == nil && j.Kind == TaskReceive && j.State == queue.StateParked {
			return true
		}
	}
	return false
}

func names(body []byte, texts, numbers []string) bool {
	lower := bytes.ToLower(body)
	for _, t := range texts {
		if t != "" && bytes.Contains(lower, []byte(strings.ToLower(t))) {
			return true
		}
	}
	for _, n := range numbers {
		if alone(lower, []byte(n)) {
			return true
		}
	}
	return false
}

// alone tells whether the number stands in the text and is not part of a longer one.
func alone(text, number []byte) bool {
	digit := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	for at := 0; len(number) > 0; {
		i := bytes.Index(text[at:], number)
		if i < 0 {
			return false
		}
		if i += at; !digit(i-1) && !digit(i+len(number)) {
			return true
		}
		at = i + 1
	}
	return false
}
