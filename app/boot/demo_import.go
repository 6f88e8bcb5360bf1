package boot

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"afterglow/app/ids"
	"afterglow/app/orders"
	"afterglow/app/store"
)

const (
	importShown   = 500 * time.Millisecond
	importAwaited = 10 * time.Second // until the first one is planned
)

// showImport prints how far the import of the shop's history is, on one line
// that moves when somebody looks at it, and a line for each step otherwise. It
// ends with the import.
func showImport(ctx context.Context, h *House, shop ids.Shop, out io.Writer) error {
	live := isTerminal(out)
	tick := time.NewTicker(importShown)
	defer tick.Stop()
	for last, began := "", time.Now(); ; {
		var list []orders.Import
		if err := h.DB.Read(ctx, shop, func(tx *store.Tx) (err error) { list, err = orders.Imports(tx); return err }); err != nil {
			return nil // the demo is ending, or says itself what is wrong
		}
		words, active := importWords(list)
		if words != last && words != "" {
			last = words
			if live {
				fmt.Fprintf(out, "\r\x1b[K%s", words)
			} else {
				fmt.Fprintln(out, words)
			}
		}
		if !active && (words != "" || time.Since(began) > importAwaited) {
			if live && last != "" {
				fmt.Fprintln(out)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// importWords is the line, and whether there is more to come.
func importWords(list []orders.Import) (words string, active bool) {
	var parts []string
	for _, m := range list {
		active = active || m.Active()
		part := fmt.Sprintf("%s %d", m.Object, m.Done)
		if perSecond, left := m.Pace(); m.State == orders.ImportDownloading && perSecond > 0 {
			part = fmt.Sprintf("%s %d of %d (%.0f a second, %s left)", m.Object, m.Done, m.Total, perSecond, left.Round(time.Second))
		} else if m.State != orders.ImportDone {
			part += " " + string(m.State)
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return "", false
	}
	return "Import of the shop's history: " + strings.Join(parts, ", "), active
}
