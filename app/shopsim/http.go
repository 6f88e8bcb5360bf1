package shopsim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// routes hangs up everything the simulation answers.
func (s *Sim) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /admin/oauth/access_token", s.serveToken)
	mux.HandleFunc("GET /admin/oauth/authorize", s.serveAuthorize)
	mux.HandleFunc("GET /admin/oauth/install", s.serveInstall)
	mux.HandleFunc("POST /admin/api/{version}/graphql.json", s.serveGraphQL)
	mux.HandleFunc("GET /sim/files/bulk/{file}", s.serveBulkFile)
	mux.HandleFunc("/apps/"+AppHandle, s.serveProxy)
	mux.HandleFunc("/apps/"+AppHandle+"/", s.serveProxy)
	s.simRoutes(mux)
	s.uiRoutes(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", requestID(r))
		mux.ServeHTTP(w, r)
	})
}

func requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); id != "" && len(id) <= 64 && !strings.ContainsAny(id, "\r\n") {
		return id
	}
	return randomHex(16)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	w.Write(raw)
}

// hangUp closes the connection without an answer, so that the caller cannot
// know what happened.
func hangUp(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// disturb answers a request in the app's stead when a fault strikes before the
// effect. It tells whether it has answered.
func (s *Sim) disturb(w http.ResponseWriter, r *http.Request, hit fault, pause time.Duration, rest bool) bool {
	switch hit {
	case failBefore:
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"errors": "Service Unavailable"})
	case garbageIt:
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<html><body><h1>Something went wrong</h1><!-- not JSON"))
	case throttleIt:
		if !rest {
			return false
		}
		w.Header().Set("Retry-After", "2.0")
		writeJSON(w, http.StatusTooManyRequests, map[string]string{"errors": "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."})
	case slowIt:
		select {
		case <-r.Context().Done():
			return true
		case <-time.After(pause):
		}
		return false
	default:
		return false
	}
	return true
}
