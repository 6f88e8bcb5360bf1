package queue

import (
	"strings"

	"afterglow/app/store"
)

// EraseReasons drops what the shop's jobs tell about failures: of jobs about the
// given things, and wherever one of the words stands in it. An error of another
// program may repeat somebody's address.
func EraseReasons(tx *store.Tx, refs []string, words ...string) error {
	about := "ref IN ?"
	args := []any{append(refs, "")}
	for _, w := range words {
		if w == "" {
			continue
		}
		about += " OR lower(reason) LIKE ? ESCAPE '!'"
		args = append(args, "%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(w))+"%")
	}
	return tx.Scoped(&Row{}).Where("reason <> ''").Where("("+about+")", args...).Updates(map[string]any{"reason": ""}).Error
}

// Running counts the shop's jobs about the given things that are being worked on.
func Running(tx *store.Tx, refs ...string) (n int64, err error) {
	if len(refs) == 0 {
		return 0, nil
	}
	err = tx.Scoped(&Row{}).Where("ref IN ?", refs).Where("state = 'running'").Count(&n).Error
	return n, err
}
