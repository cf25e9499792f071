package vc

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
)

var zoneless = regexp.MustCompile(`>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)<`)

// readZonelessTimes takes times without a zone as UTC, as vCenter does: oslo.vmware sends such ones, and the simulator
// refuses the whole call.
func readZonelessTimes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = zoneless.ReplaceAll(body, []byte(">${1}Z<"))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		next.ServeHTTP(w, r)
	})
}
