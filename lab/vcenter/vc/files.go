package vc

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/access"
)

// ticketTime is how long a service ticket lets its holder in (an assumption: the reference says "a short time").
const ticketTime = 5 * time.Minute

// tickets let those who hold one transfer files of datastores without a session.
type tickets struct {
	mu    sync.Mutex
	valid map[string]ticket
}

type ticket struct {
	user string
	ends time.Time
}

func (t *tickets) issue(user string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, k := range t.valid {
		if time.Now().After(k.ends) {
			delete(t.valid, id)
		}
	}
	if t.valid == nil {
		t.valid = map[string]ticket{}
	}
	id := uuid.NewString()
	t.valid[id] = ticket{user, time.Now().Add(ticketTime)}
	return id
}

func (t *tickets) user(id string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k, ok := t.valid[id]; ok && time.Now().Before(k.ends) {
		return k.user
	}
	return ""
}

type sessionManager struct {
	*simulator.SessionManager
	s *Sim
}

// AcquireGenericServiceTicket lets the holder transfer files.
func (m *sessionManager) AcquireGenericServiceTicket(ctx *simulator.Context, _ *types.AcquireGenericServiceTicket) soap.HasFault {
	return &methods.AcquireGenericServiceTicketBody{Res: &types.AcquireGenericServiceTicketResponse{
		Returnval: types.SessionManagerGenericServiceTicket{Id: m.s.tickets.issue(ctx.Session.UserName), HostName: m.ServiceHostName, TicketType: "HttpNfcServiceTicket"},
	}}
}

// admitFiles asks for a session, a ticket or a password before it lets anybody at the files of datastores, which the
// simulator gives to everybody (vSphere Web Services SDK Programming Guide, "HTTP Access to vSphere Server Files").
func (s *Sim) admitFiles(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/folder/") {
			next.ServeHTTP(w, r)
			return
		}
		user := s.fileUser(r)
		if user == "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="VMware HTTP server"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		privilege := "Datastore.FileManagement"
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			privilege = "Datastore.Browse"
		}
		if !s.administers(user) && !s.grants(s.context(), user, access.Need{On: s.client.ServiceContent.RootFolder, Privilege: privilege}) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Sim) fileUser(r *http.Request) string {
	if user, password, ok := r.BasicAuth(); ok && s.validLogin(user, password) {
		return user
	}
	for _, c := range r.Cookies() {
		user := ""
		switch c.Name {
		case soap.SessionCookieName:
			user = s.sessions.user(c.Value)
		case "vmware_cgi_ticket":
			user = s.tickets.user(c.Value)
		}
		if user != "" {
			return user
		}
	}
	return ""
}
