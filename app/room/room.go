// Package room is the shape of a capability: what a room hands to the roof so
// that it can be hung up with one line.
package room

import (
	"context"

	"afterglow/app/mail"
	"afterglow/app/queue"
	"afterglow/app/shopify"
	"afterglow/app/store"
	"afterglow/app/web"
)

// Room is one capability. Fields that a capability does not need stay empty.
type Room struct {
	Name   string   // its folder, and the beginning of its tables' names
	Tables []string // the tables it alone writes

	Public func(*web.Group) // routes for anybody, below /
	Admin  func(*web.Group) // routes for staff, below /api/v1
	Links  func(*web.Group) // routes behind signed links out of mails, below /l
	Proxy  func(*web.Group) // routes on the shop's own domain, below /proxy
	Ext    func(*web.Group) // routes for UI extensions in Shopify's pages, below /ext/v1

	Topics    map[string]shopify.TopicHandler // webhooks it alone hears
	Hears     map[string]queue.Task           // facts of earlier rooms, each with what it does about them
	Tasks     []queue.Task
	Schedules []queue.Schedule
	Mails     []mail.Kind
	OrderPage []Section // its parts of the shopper's order page

	Operations []shopify.OperationKind // calls to Shopify that move value or create something

	// Personal says that its tables hold personal data. Then Export and Erase are
	// required.
	Personal bool
	// Export returns everything the room holds about the person, by table.
	Export func(ctx context.Context, tx *store.Tx, p Person) (map[string]any, error)
	// Erase makes the person unrecognizable in the room's tables. It may run twice.
	Erase func(ctx context.Context, tx *store.Tx, p Person) error
	// Addresses shows every e-mail address and phone number that the room holds of
	// shoppers. A backup that was restored is searched with it for whom it should
	// have forgotten, who is known by hashes alone.
	Addresses func(ctx context.Context, tx *store.Tx, see func(address string)) error
	// Knows adds what else the room knows the person by: the ids of their orders,
	// an address that the request left out. Without it, nothing is added.
	Knows func(ctx context.Context, tx *store.Tx, p Person) (Person, error)
}

// Person is somebody as Shopify names them in a privacy request. Any field may be
// empty; a row belongs to the person when any of them matches.
type Person struct {
	CustomerID int64
	Email      string
	Phone      string
	OrderIDs   []int64
}
