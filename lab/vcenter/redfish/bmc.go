// Package redfish is the management controller of a server: the part of DMTF's Redfish that power control needs.
// Source: DMTF DSP0266 (protocol, sessions, errors) and DSP2046 (ComputerSystem, Session and service root resources).
package redfish

import (
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"vsphere-ha/lab/vcenter/hardware"
)

// SystemID is the one system that a controller manages.
const SystemID = "1"

// resetTypes are those that the servers support (DSP2046, ComputerSystem.Reset).
var resetTypes = []string{"On", "ForceOff", "GracefulShutdown", "GracefulRestart", "ForceRestart", "PowerCycle", "PushPowerButton"}

// BMC is a running management controller.
type BMC struct {
	server         *hardware.Server
	user, password string
	http           *http.Server

	mu       sync.Mutex
	sessions map[string]session
}

type session struct{ id, token string }

// Listen serves a server's controller over HTTPS at its address.
func Listen(server *hardware.Server, cert tls.Certificate, user, password string) (*BMC, error) {
	l, err := net.Listen("tcp4", server.BMC)
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %s for the BMC of %s: %w", server.BMC, server.Name, err)
	}
	b := &BMC{server: server, user: user, password: password, sessions: map[string]session{}}
	b.http = &http.Server{
		Handler: b.routes(), TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 10 * time.Second,
	}
	go func() { _ = b.http.ServeTLS(l, "", "") }()
	return b, nil
}

// Close stops the controller.
func (b *BMC) Close() { _ = b.http.Close() }

func (b *BMC) routes() http.Handler {
	mux := http.NewServeMux()
	open := func(pattern string, f http.HandlerFunc) { mux.HandleFunc(pattern, f) }
	closed := func(pattern string, f http.HandlerFunc) { mux.Handle(pattern, b.authorized(f)) }
	open("GET /redfish", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]string{"v1": "/redfish/v1/"})
	})
	open("GET /redfish/v1", b.root)
	open("GET /redfish/v1/{$}", b.root)
	open("POST /redfish/v1/SessionService/Sessions", b.login)
	closed("GET /redfish/v1/SessionService/Sessions", b.listSessions)
	closed("DELETE /redfish/v1/SessionService/Sessions/{id}", b.logout)
	closed("GET /redfish/v1/Systems", b.systems)
	closed("GET /redfish/v1/Systems/{id}", b.system)
	closed("POST /redfish/v1/Systems/{id}/Actions/ComputerSystem.Reset", b.reset)
	closed("/redfish/v1/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "ResourceMissingAtURI", "The resource does not exist.")
	})
	return mux
}

func (b *BMC) correct(user, password string) bool {
	return subtle.ConstantTimeCompare([]byte(user), []byte(b.user))&subtle.ConstantTimeCompare([]byte(password), []byte(b.password)) == 1
}

// authorized admits Basic authentication and session tokens (DSP0266, "Authentication").
func (b *BMC) authorized(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		_, ok := b.sessions[r.Header.Get("X-Auth-Token")]
		b.mu.Unlock()
		if user, password, basic := r.BasicAuth(); !ok && basic {
			ok = b.correct(user, password)
		}
		if !ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="redfish"`)
			fail(w, http.StatusUnauthorized, "NoValidSession", "There is no valid session and no valid credential in the request.")
			return
		}
		next(w, r)
	})
}

func (b *BMC) root(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{
		"@odata.id": "/redfish/v1/", "@odata.type": "#ServiceRoot.v1_15_0.ServiceRoot", "Id": "RootService", "Name": "Simulated BMC of " + b.server.Name,
		"RedfishVersion": "1.15.0", "Systems": link("/redfish/v1/Systems"), "SessionService": link("/redfish/v1/SessionService"),
		"Links": map[string]any{"Sessions": link("/redfish/v1/SessionService/Sessions")},
	})
}

func (b *BMC) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ UserName, Password string }
	if !read(w, r, &body) {
		return
	}
	if !b.correct(body.UserName, body.Password) {
		fail(w, http.StatusUnauthorized, "AccessDenied", "The user name or the password is wrong.")
		return
	}
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	s := session{id: uuid.NewString(), token: hex.EncodeToString(raw)}
	b.mu.Lock()
	b.sessions[s.token] = s
	b.mu.Unlock()
	w.Header().Set("X-Auth-Token", s.token)
	w.Header().Set("Location", "/redfish/v1/SessionService/Sessions/"+s.id)
	reply(w, http.StatusCreated, map[string]any{
		"@odata.id": "/redfish/v1/SessionService/Sessions/" + s.id, "@odata.type": "#Session.v1_6_0.Session", "Id": s.id, "Name": "User Session", "UserName": body.UserName,
	})
}

func (b *BMC) listSessions(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	members := []any{}
	for _, s := range b.sessions {
		members = append(members, link("/redfish/v1/SessionService/Sessions/"+s.id))
	}
	reply(w, http.StatusOK, collection("/redfish/v1/SessionService/Sessions", "#SessionCollection.SessionCollection", "Sessions", members))
}

func (b *BMC) logout(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for token, s := range b.sessions {
		if s.id == r.PathValue("id") {
			delete(b.sessions, token)
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	fail(w, http.StatusNotFound, "ResourceMissingAtURI", "There is no such session.")
}

func (b *BMC) systems(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, collection("/redfish/v1/Systems", "#ComputerSystemCollection.ComputerSystemCollection", "Systems", []any{link("/redfish/v1/Systems/" + SystemID)}))
}

func (b *BMC) system(w http.ResponseWriter, r *http.Request) {
	if !known(w, r) {
		return
	}
	power := "Off"
	if b.server.Powered() {
		power = "On"
	}
	self := "/redfish/v1/Systems/" + SystemID
	reply(w, http.StatusOK, map[string]any{
		"@odata.id": self, "@odata.type": "#ComputerSystem.v1_20_0.ComputerSystem", "Id": SystemID, "Name": b.server.Name,
		"SystemType": "Physical", "Manufacturer": "vsphere-ha lab", "Model": "simulated server", "HostName": b.server.Name,
		"UUID":       uuid.NewSHA1(uuid.NameSpaceDNS, []byte(b.server.Name)).String(),
		"PowerState": power, "Status": map[string]string{"State": "Enabled", "Health": "OK"},
		"MemorySummary":    map[string]any{"TotalSystemMemoryGiB": float64(b.server.MemoryMB) / 1024},
		"ProcessorSummary": map[string]any{"Count": 1, "CoreCount": b.server.Cores},
		"Actions": map[string]any{"#ComputerSystem.Reset": map[string]any{
			"target": self + "/Actions/ComputerSystem.Reset", "ResetType@Redfish.AllowableValues": resetTypes,
		}},
	})
}

func (b *BMC) reset(w http.ResponseWriter, r *http.Request) {
	if !known(w, r) {
		return
	}
	var body struct{ ResetType string }
	if !read(w, r, &body) {
		return
	}
	cause := "BMC " + body.ResetType
	switch body.ResetType {
	case "On":
		b.server.PowerOn(cause)
	case "ForceOff":
		b.server.PowerOff(cause)
	case "GracefulShutdown":
		b.server.Shutdown(cause)
	case "ForceRestart", "PowerCycle", "GracefulRestart":
		b.server.Restart(cause)
	case "PushPowerButton":
		if b.server.Powered() {
			b.server.Shutdown(cause)
		} else {
			b.server.PowerOn(cause)
		}
	default:
		fail(w, http.StatusBadRequest, "ActionParameterValueNotInList", fmt.Sprintf("ResetType %q is none of %s.", body.ResetType, strings.Join(resetTypes, ", ")))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func known(w http.ResponseWriter, r *http.Request) bool {
	if r.PathValue("id") == SystemID {
		return true
	}
	fail(w, http.StatusNotFound, "ResourceMissingAtURI", "There is no such system.")
	return false
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(into)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return true
	case errors.As(err, &tooLarge):
		fail(w, http.StatusRequestEntityTooLarge, "PayloadTooLarge", "The request body is too large.")
	default:
		fail(w, http.StatusBadRequest, "MalformedJSON", "The request body is not valid JSON.")
	}
	return false
}

func link(id string) map[string]string { return map[string]string{"@odata.id": id} }

func collection(id, kind, name string, members []any) map[string]any {
	return map[string]any{"@odata.id": id, "@odata.type": kind, "Name": name, "Members": members, "Members@odata.count": len(members)}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("OData-Version", "4.0")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// fail answers with Redfish's error object (DSP0266, "Error responses").
func fail(w http.ResponseWriter, status int, id, message string) {
	reply(w, status, map[string]any{"error": map[string]any{
		"code": "Base.1.15." + id, "message": message, "@Message.ExtendedInfo": []any{map[string]string{"MessageId": "Base.1.15." + id, "Message": message}},
	}})
}
