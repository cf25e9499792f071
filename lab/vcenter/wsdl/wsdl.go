// Package wsdl serves the description of the vim25 API, which SOAP clients that are not built from it (suds, in
// oslo.vmware) read before their first call. It is derived from govmomi's types: see generate.
package wsdl

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"net/http"
)

// Path is where vCenter serves it.
const Path = "/sdk/vimService.wsdl"

//go:generate go run ./generate vimService.wsdl.gz
//go:embed vimService.wsdl.gz
var compressed []byte

// Text is the description, uncompressed.
func Text() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// Handler serves the description.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text, err := Text()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = w.Write(text)
	})
}
