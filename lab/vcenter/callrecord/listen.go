package callrecord

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// headSize is how much of a request and of an error is looked at: the call and the fault are named in the first lines.
const headSize = 4 << 10

var (
	// Body, the method as its child, and in that the object, with the type that the client gives it.
	method = regexp.MustCompile(`<(?:[\w-]+:)?Body[^>]*>\s*<(?:[\w-]+:)?(\w+)`)
	object = regexp.MustCompile(`<(?:[\w-]+:)?_this\b[^>]*?\stype="(\w+)"`)
	fault  = regexp.MustCompile(`<detail>\s*<(\w+)Fault[\s/>]`)
)

// Listen notes each call of the SOAP and REST APIs and how next answers it. Requests must have been read into memory.
func (l *Log) Listen(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest := strings.HasPrefix(r.URL.Path, "/rest/") || strings.HasPrefix(r.URL.Path, "/api")
		call := ""
		if !rest && r.Method == http.MethodPost {
			call = soapCall(r)
		}
		if !rest && call == "" {
			next.ServeHTTP(w, r)
			return
		}
		seen := &answer{ResponseWriter: w, status: http.StatusOK}
		finished := false
		defer func() {
			e := Entry{Agent: r.UserAgent(), Call: call, Answer: Crashed}
			if rest {
				e.Call = restCall(r)
			}
			if finished {
				e.Answer = seen.name(rest && r.Pattern == "")
			}
			l.note(e)
		}()
		next.ServeHTTP(seen, r)
		finished = true
	})
}

// soapCall names a call by its text; empty for what is none. The request can be read as if it had not been looked at.
func soapCall(r *http.Request) string {
	if r.Body == nil || strings.HasPrefix(r.URL.Path, "/folder/") || strings.HasPrefix(r.URL.Path, "/nfc/") {
		return ""
	}
	head := make([]byte, headSize)
	n, _ := io.ReadFull(r.Body, head)
	head = head[:n]
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
	m, o := method.FindSubmatch(head), object.FindSubmatch(head)
	if m == nil || o == nil {
		return ""
	}
	if string(m[1]) == "Fetch" { // reads a property of any object, and is of none
		return "ManagedObject.Fetch"
	}
	return string(o[1]) + "." + string(m[1])
}

// restCall names a call by the pattern that it was answered under, which holds no identifiers, and its action.
func restCall(r *http.Request) string {
	path := r.Pattern
	if _, after, ok := strings.Cut(path, " "); ok {
		path = after
	}
	if path == "" {
		path = r.URL.Path
	}
	for _, key := range []string{"~action", "action"} {
		if do := r.URL.Query().Get(key); do != "" {
			path += "?" + key + "=" + do
		}
	}
	return r.Method + " " + path
}

// answer passes an answer on and keeps what tells how the call went.
type answer struct {
	http.ResponseWriter
	status int
	head   []byte
}

func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status >= http.StatusBadRequest && len(a.head) < headSize {
		a.head = append(a.head, p[:min(len(p), headSize-len(a.head))]...)
	}
	return a.ResponseWriter.Write(p)
}

func (a *answer) name(unrouted bool) string {
	switch m := fault.FindSubmatch(a.head); {
	case a.status < http.StatusBadRequest:
		return Answered
	case unrouted && a.status == http.StatusNotFound, a.status == http.StatusMethodNotAllowed, a.status == http.StatusNotImplemented:
		return NotImplemented
	case m == nil:
		return fmt.Sprintf("HTTP %d", a.status)
	// The simulator has no such method, or cannot read a call's name or arguments.
	case string(m[1]) == "MethodNotFound", string(m[1]) == "InvalidRequest":
		return NotImplemented
	default:
		return string(m[1])
	}
}
