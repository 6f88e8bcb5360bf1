package room

import (
	"context"
	"time"

	"afterglow/app/locale"
	"afterglow/app/store"
)

// Section is one room's part of the shopper's order page. Room orders draws the
// page; a later room hangs its section up and orders does not know it.
type Section struct {
	Name  string // anchor and heading's id: "arrival"; the page's own part of this name gives way
	Place Place
	Rank  int // from top to bottom within the place
	// Show returns what Template is executed with, or nil when there is nothing
	// to say. It only reads, through tx alone: a page is shown again for as long as
	// the rows that were read so are the same.
	Show func(ctx context.Context, tx *store.Tx, at PageView) (any, error)
	// Template is html/template source with the functions of locale.Funcs. It
	// writes a whole <section class="card" aria-labelledby=…>.
	Template string
	CSS      string // what the page's own style lacks; colours by its variables
}

// Place is where on the page a section stands.
type Place int

const (
	Main  Place = iota // the wide column, above the items
	Aside              // the narrow column, above returns and help
)

// PageView is the page that a section is asked for.
type PageView struct {
	OrderID int64
	Tag     locale.Tag
	Zone    *time.Location // the shop's
	// Path is the page's own address without query; forms post below it. On the
	// shop's own domain it begins with the app proxy's prefix.
	Path string
}
