package shopsim

import (
	"net/http"
	"path"
	"strings"
)

// Product pictures are drawings, as SVG for the shop window and as PNG for
// mail clients, which show no SVG.

var pictureHandlers = func() map[string]http.HandlerFunc {
	list, err := assets.ReadDir("assets/products")
	if err != nil {
		panic(err)
	}
	kinds := map[string]string{".svg": "image/svg+xml", ".png": "image/png"}
	all := map[string]http.HandlerFunc{}
	for _, f := range list {
		all[f.Name()] = serveBytes(kinds[path.Ext(f.Name())], mustAsset("products/"+f.Name()), true)
	}
	return all
}()

func servePicture(w http.ResponseWriter, r *http.Request) {
	h := pictureHandlers[r.PathValue("file")]
	if h == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h(w, r)
}

// pictureURL is the path of a product's picture; a product without one shows
// the shop's mark.
func pictureURL(handle, kind string) string {
	if pictureHandlers[handle+"."+kind] == nil {
		return "/sim/assets/mark.svg"
	}
	return "/sim/files/products/" + strings.ToLower(handle) + "." + kind
}
