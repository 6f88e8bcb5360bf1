// Package ids names things: shops by the number Shopify gave them, our own rows
// by a prefix and a UUIDv7 that sorts by time, Shopify's objects by their GID.
package ids

import (
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Shop is the tenant: Shopify's numeric id of the shop. Zero is no shop.
type Shop int64

// String returns the number.
func (s Shop) String() string { return strconv.FormatInt(int64(s), 10) }

// Value lets a Shop be a query parameter on every driver.
func (s Shop) Value() (driver.Value, error) { return int64(s), nil }

// New returns a new id of ours, such as "msg_0199f3c2-…". Ids made later sort
// after ids made earlier, so a primary key grows at its end.
func New(prefix string) string { return prefix + "_" + uuid.Must(uuid.NewV7()).String() }

// GID returns the global id under which Shopify's GraphQL API knows an object.
func GID(kind string, id int64) string {
	return "gid://shopify/" + kind + "/" + strconv.FormatInt(id, 10)
}

// ParseGID takes a global id apart. It fails for anything that is not of the
// form gid://shopify/<Kind>/<number>; a query string behind the number, which
// some objects bear, is left out.
func ParseGID(gid string) (kind string, id int64, err error) {
	rest, ok := strings.CutPrefix(gid, "gid://shopify/")
	if ok {
		var number string
		if kind, number, ok = strings.Cut(rest, "/"); ok && kind != "" {
			number, _, _ = strings.Cut(number, "?")
			if id, err = strconv.ParseInt(number, 10, 64); err == nil && id > 0 {
				return kind, id, nil
			}
		}
	}
	return "", 0, fmt.Errorf("%q is not a Shopify id of the form gid://shopify/Kind/123", gid)
}
