package vc

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
)

// typePrefix is how clients may qualify the types that a category applies to; vCenter answers with the bare names.
const typePrefix = "urn:vim25:"

const (
	categoryPath = "/rest/com/vmware/cis/tagging/category"
	// categoryLimit bounds a request that creates or changes a category.
	categoryLimit = 1 << 20
)

// serveCategories lets tag categories keep types as vCenter does: without prefix, as a set that can only grow ("you can
// add associable types, not remove them", vCenter Server and Host Management, "Edit a Tag Category"). The simulator keeps
// a list, and takes types in another order for a removal.
func (s *Sim) serveCategories() {
	s.svc.ServeMux.HandleFunc("POST "+categoryPath, func(w http.ResponseWriter, r *http.Request) {
		s.withTypes(w, r, "create_spec", func([]string) []string { return nil })
	})
	s.svc.ServeMux.HandleFunc("PATCH "+categoryPath+"/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.withTypes(w, r, "update_spec", func(wanted []string) []string {
			return slices.DeleteFunc(s.categoryTypes(r), func(t string) bool { return !slices.Contains(wanted, t) })
		})
	})
}

// withTypes passes a request on with the bare names of its types, those first that first returns.
func (s *Sim) withTypes(w http.ResponseWriter, r *http.Request, spec string, first func(wanted []string) []string) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, categoryLimit))
	if err != nil {
		http.Error(w, "the request is too large", http.StatusRequestEntityTooLarge)
		return
	}
	var body map[string]map[string]any
	if json.Unmarshal(raw, &body) == nil && body[spec] != nil {
		if list, ok := body[spec]["associable_types"].([]any); ok {
			var wanted []string
			for _, t := range list {
				name, _ := t.(string)
				if name = strings.TrimPrefix(name, typePrefix); !slices.Contains(wanted, name) {
					wanted = append(wanted, name)
				}
			}
			types := first(wanted)
			for _, t := range wanted {
				if !slices.Contains(types, t) {
					types = append(types, t)
				}
			}
			body[spec]["associable_types"] = append([]string{}, types...)
			raw, _ = json.Marshal(body)
		}
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	s.simulated(r).ServeHTTP(w, r)
}

// categoryTypes asks for the types of the category that a request is about, as its client.
func (s *Sim) categoryTypes(r *http.Request) []string {
	get := r.Clone(r.Context())
	get.Method, get.Body, get.ContentLength = http.MethodGet, http.NoBody, 0
	answer := httptest.NewRecorder()
	s.simulated(r).ServeHTTP(answer, get)
	var res struct {
		Value struct {
			Types []string `json:"associable_types"`
		} `json:"value"`
	}
	_ = json.Unmarshal(answer.Body.Bytes(), &res)
	return res.Value.Types
}

// simulated is the simulator's own handler of a request: that of the path without a method.
func (s *Sim) simulated(r *http.Request) http.Handler {
	own, _ := s.svc.ServeMux.Handler(&http.Request{Method: http.MethodHead, Host: r.Host, URL: r.URL})
	return own
}
