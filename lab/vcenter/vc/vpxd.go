package vc

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// vpxdStart is from the order to start vCenter's service until it answers, vpxdStop likewise (assumptions: the first takes
// minutes on a real appliance).
const (
	vpxdStart = 60 * time.Second
	vpxdStop  = 5 * time.Second
)

// Service states of the REST API (vSphere Automation API, vcenter/services, Service.State).
const (
	serviceStarting = "STARTING"
	serviceStarted  = "STARTED"
	serviceStopping = "STOPPING"
	serviceStopped  = "STOPPED"
)

// vpxd is vCenter's own service. Hosts, their HA agents, guests and management controllers need it for nothing; without it
// nobody sees the inventory or changes it, and what vCenter does of its own does not happen. What HA does goes into the
// inventory all the same, as the hosts would tell of it later.
type vpxd struct {
	mu    sync.Mutex
	state string
	deaf  bool // it neither asks hosts nor listens to them
}

func newVpxd() *vpxd { return &vpxd{state: serviceStarted} }

func (v *vpxd) is() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.state
}

// runs tells whether vCenter acts and listens to its hosts. While it starts it does before it answers clients.
func (v *vpxd) runs() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return !v.deaf
}

func (v *vpxd) setDeaf(on bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.deaf = on
}

// change moves from one state to another; false when it was in neither of them.
func (v *vpxd) change(from, to string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.state == to {
		return true
	}
	if v.state != from {
		return false
	}
	v.state = to
	return true
}

// stopVpxd ends the service and every session; false where it is just starting or stopping.
func (s *Sim) stopVpxd() bool {
	if s.vpxd.is() == serviceStopped {
		return true
	}
	if !s.vpxd.change(serviceStarted, serviceStopping) {
		return false
	}
	s.vpxd.setDeaf(true)
	s.sessions.expire(-1)
	s.wait(vpxdStop)
	return s.vpxd.change(serviceStopping, serviceStopped)
}

// startVpxd starts it again; false where it is just starting or stopping.
func (s *Sim) startVpxd() bool {
	if s.vpxd.is() == serviceStarted {
		return true
	}
	if !s.vpxd.change(serviceStopped, serviceStarting) {
		return false
	}
	s.wait(vpxdStart)
	s.vpxd.setDeaf(false)
	s.catchUp()
	s.wait(2 * haTick) // HA's masters report what they see
	return s.vpxd.change(serviceStarting, serviceStarted)
}

// catchUp lets vCenter ask its hosts what has happened, and go on with what is its own to do.
func (s *Sim) catchUp() {
	ctx := s.context()
	clusters := map[types.ManagedObjectReference]bool{}
	for _, h := range s.allHosts() {
		clusters[h.cluster] = true
		switch {
		case h.disconnected:
		case !s.reaches(h.server):
			s.hostLost(ctx, h.ref)
		case !h.responding || s.hasLost(h.ref):
			s.reconnect(ctx, h.ref, h.server)
		}
	}
	for ref := range clusters {
		s.tendCluster(ref)
	}
}

// hasLost tells whether a host runs less than the inventory says.
func (s *Sim) hasLost(host types.ManagedObjectReference) bool {
	for _, m := range s.machinesOn(host) {
		if _, runs := s.fleet.Status(m.id); m.on && !m.failing && !runs {
			return true
		}
	}
	return false
}

// gate answers in place of the service while that does not run, as the appliance's reverse proxy does.
func (s *Sim) gate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := strings.HasPrefix(r.URL.Path, "/sdk") || strings.HasPrefix(r.URL.Path, "/folder")
		if own && s.vpxd.is() != serviceStarted {
			http.Error(w, "503 Service Unavailable (Failed to connect to endpoint: _serverNamespace = /sdk)", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}
