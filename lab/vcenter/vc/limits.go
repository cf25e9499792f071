package vc

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"log"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// Limits on what a client may send. vCenter's own are not documented; these are far above what clients of the lab need (a
// filter that names 10,000 machines has 2 MB and 12 levels) and far below what would hurt.
const (
	maxBody   = 16 << 20
	maxDepth  = 200
	maxHeader = 64 << 10
	// headerTime and bodyTime are wall time: how long a client may take to send a request's head and its body.
	headerTime = 10 * time.Second
	bodyTime   = 30 * time.Second
	// idleTime is how long a connection is kept without a request.
	idleTime = 10 * time.Minute
)

// newServer serves a handler within the limits, whatever clients send and however slowly.
func newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: limit(h), ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog: log.New(io.Discard, "", 0), // broken handshakes are the clients' affair
	}
}

// limit reads the bodies of calls within the limits, and answers a call that breaks the simulator with a fault. Files, which
// have no such limits, are sent with PUT, or with POST to the paths named here.
func limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if problem := recover(); problem != nil {
				log.Printf("%s %s: %v\n%s", r.Method, r.URL.Path, problem, debug.Stack())
				refuseCall(w, http.StatusInternalServerError, "A general system error occurred")
			}
		}()
		if r.Method != http.MethodPost || strings.HasPrefix(r.URL.Path, "/folder/") || strings.HasPrefix(r.URL.Path, "/nfc/") {
			next.ServeHTTP(w, r)
			return
		}
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(bodyTime))
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		_ = control.SetReadDeadline(time.Time{})
		switch {
		case err != nil:
			refuseCall(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the request has more than %d bytes or did not arrive within %v", maxBody, bodyTime))
			return
		case tooDeep(body):
			refuseCall(w, http.StatusInternalServerError, fmt.Sprintf("the request is nested more than %d levels deep", maxDepth))
			return
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		next.ServeHTTP(w, r)
	})
}

// refuseCall answers with a SOAP fault, which clients of every other kind see as an HTTP error.
func refuseCall(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Header().Set("Connection", "close")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>`+
		`<faultcode>ServerFaultCode</faultcode><faultstring>%s</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>`, why)
}

// tooDeep tells whether the elements of an XML document nest deeper than allowed. It ends where the document is malformed,
// as the simulator's reader does; JSON has no elements, and its reader a limit of its own.
func tooDeep(body []byte) bool {
	depth := 0
	for d := xml.NewDecoder(bytes.NewReader(body)); ; {
		token, err := d.RawToken()
		if err != nil {
			return false
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
		if depth > maxDepth {
			return true
		}
	}
}
