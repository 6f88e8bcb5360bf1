package shopsim

import "net/http"

func (s *Sim) serveGraphQL(w http.ResponseWriter, r *http.Request) {}
func (s *Sim) serveBulkFile(w http.ResponseWriter, r *http.Request) {}
