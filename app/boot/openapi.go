package boot

import (
	_ "embed"
	"net/http"

	"afterglow/app/web"
)

// openAPIDocument describes the admin API. A test holds it against the routes.
//
//go:embed openapi.json
var openAPIDocument []byte

func openAPI(c *web.Ctx) error {
	c.Data(http.StatusOK, "application/json; charset=utf-8", openAPIDocument)
	return nil
}
