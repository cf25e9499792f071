package vc

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"unicode"
)

// messages are what vCenter says of faults that users of the lab meet; clients compare some of them.
var messages = map[string]string{
	"InvalidLogin":                       "Cannot complete login due to an incorrect user name or password.",
	"NotAuthenticated":                   "The session is not authenticated.",
	"NoPermission":                       "Permission to perform this operation was denied.",
	"InvalidState":                       "The operation is not allowed in the current state.",
	"ManagedObjectNotFound":              "The object has already been deleted or has not been completely created.",
	"ResourceInUse":                      "The resource is in use.",
	"DuplicateName":                      "An object with this name already exists.",
	"AlreadyConnected":                   "The host is already connected to this vCenter.",
	"NoHost":                             "The name does not refer to a host that can be reached.",
	"SSLVerifyFault":                     "The host's certificate does not match the given thumbprint.",
	"NotSupported":                       "The operation is not supported on the object.",
	"InsufficientFailoverResourcesFault": "Insufficient resources to satisfy the configured failover level for vSphere HA.",
	"NoCompatibleHost":                   "No host is compatible with the virtual machine.",
	"InvalidDatastore":                   "The datastore is not accessible from the host.",
	"HostNotConnected":                   "The host is not connected.",
	"Timedout":                           "The operation timed out.",
	"InvalidArgument":                    "A specified parameter was not correct.",
}

// message is vCenter's text, or the fault's name in words.
func message(fault string) string {
	if m, ok := messages[fault]; ok {
		return m
	}
	var words strings.Builder
	for i, r := range fault {
		switch {
		case i == 0:
			words.WriteRune(r)
		case unicode.IsUpper(r):
			words.WriteRune(' ')
			words.WriteRune(unicode.ToLower(r))
		default:
			words.WriteRune(r)
		}
	}
	return words.String() + "."
}

var (
	taskError  = regexp.MustCompile(`<localizedMessage>\*types\.(\w+)</localizedMessage>`)
	emptyFault = regexp.MustCompile(`<faultstring>(?:Login failure)?</faultstring>(<detail><(\w+)Fault )`)
)

// explain puts messages where the simulator has a Go type's name or nothing.
func explain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := &buffered{ResponseWriter: w}
		next.ServeHTTP(b, r)
		body := b.body.Bytes()
		if bytes.Contains(body, []byte(">*types.")) {
			body = taskError.ReplaceAllFunc(body, func(m []byte) []byte {
				return []byte("<localizedMessage>" + message(string(taskError.FindSubmatch(m)[1])) + "</localizedMessage>")
			})
		}
		if b.status >= http.StatusBadRequest {
			body = emptyFault.ReplaceAllFunc(body, func(m []byte) []byte {
				found := emptyFault.FindSubmatch(m)
				return []byte("<faultstring>" + message(string(found[2])) + "</faultstring>" + string(found[1]))
			})
		}
		if b.status != 0 {
			w.WriteHeader(b.status)
		}
		_, _ = w.Write(body)
	})
}

// buffered keeps an answer until it is complete.
type buffered struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (b *buffered) WriteHeader(status int)      { b.status = status }
func (b *buffered) Write(p []byte) (int, error) { return b.body.Write(p) }
