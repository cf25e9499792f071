package vc

import (
	"net/http"
	"net/url"
)

// oldSessionPath is where the simulator keeps sessions of the REST API.
const oldSessionPath = "/rest/com/vmware/cis/session"

// serveSession gives sessions the form that they have since vSphere 7.0 Update 2 (vSphere Automation API, cis/session).
func (s *Sim) serveSession() {
	mux := s.svc.ServeMux
	forward := func(w http.ResponseWriter, r *http.Request) *buffered {
		old := r.Clone(r.Context())
		old.URL = &url.URL{Path: oldSessionPath}
		b := &buffered{ResponseWriter: w}
		mux.ServeHTTP(b, old)
		return b
	}
	mux.HandleFunc("POST /api/session", func(w http.ResponseWriter, r *http.Request) {
		b := forward(w, r)
		if m := sessionID.FindSubmatch(b.body.Bytes()); m != nil && b.status < http.StatusBadRequest {
			answer(w, http.StatusCreated, string(m[1]))
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	})
	mux.HandleFunc("DELETE /api/session", func(w http.ResponseWriter, r *http.Request) {
		forward(w, r)
		w.WriteHeader(http.StatusNoContent)
	})
}
