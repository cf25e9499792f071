package vc

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"
)

// Fault is a disturbance that a test asks for. VM and Host are names.
type Fault struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	VM    string `json:"vm,omitempty"`
	Host  string `json:"host,omitempty"`
	State string `json:"state,omitempty"`
	// Hosts are those that a partition puts on the other side, where the gateway and vCenter are reached if so said.
	Hosts   []string `json:"hosts,omitempty"`
	Gateway bool     `json:"gateway,omitempty"`
	VCenter bool     `json:"vcenter,omitempty"`
	// Datastore is a name; kind "datastoreLost" takes all that the host mounts when none is named.
	Datastore string `json:"datastore,omitempty"`
	// Ms delays every call (kind "slow"); Count is how many calls are answered with HTTP status 500 (kind "http500").
	Ms    int `json:"ms,omitempty"`
	Count int `json:"count,omitempty"`
}

// faults is the lab's fault API. Tests use it; drills do not, they go the ways that a real site has.
type faults struct {
	s      *Sim
	server *http.Server
	mu     sync.Mutex
	next   int
	active map[string]*Fault
}

func newFaults(s *Sim) *faults { return &faults{s: s, active: map[string]*Fault{}} }

// listen serves the fault API in plain HTTP on loopback.
func (f *faults) listen(address string) error {
	l, err := net.Listen("tcp4", address)
	if err != nil {
		return fmt.Errorf("cannot listen at %s: %w", address, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /faults", f.create)
	mux.HandleFunc("GET /faults", f.list)
	mux.HandleFunc("DELETE /faults/{id}", f.remove)
	f.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	f.s.run(func() { _ = f.server.Serve(l) })
	return nil
}

func (f *faults) close() {
	if f.server != nil {
		_ = f.server.Close()
	}
}

func (f *faults) create(w http.ResponseWriter, r *http.Request) {
	var fault Fault
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&fault); err != nil {
		http.Error(w, "the body is no fault: "+err.Error(), http.StatusBadRequest)
		return
	}
	if problem := f.check(fault); problem != "" {
		http.Error(w, problem, http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	f.next++
	fault.ID = fmt.Sprintf("fault-%d", f.next)
	f.active[fault.ID] = &fault
	f.mu.Unlock()
	f.apply(fault, true)
	answer(w, http.StatusCreated, fault)
}

// check names what is wrong with a fault; empty when nothing is.
func (f *faults) check(fault Fault) string {
	known := func(vm string) bool {
		return len(f.s.selectMachines(func(m *machine) bool { return m.name == vm })) > 0
	}
	if slices.Contains(networkFaults, fault.Kind) {
		return f.checkNetwork(fault)
	}
	switch fault.Kind {
	case "restartFails", "resetFails", "guestServiceDown", "guestHung", "unprotected":
		if !known(fault.VM) {
			return fmt.Sprintf("vm: there is no virtual machine %q", fault.VM)
		}
	case "fdmState", "hostVersion":
		if f.s.servers[fault.Host] == nil || fault.State == "" {
			return fmt.Sprintf("host and state: there must be a host %q and a state %q", fault.Host, fault.State)
		}
	case "slow":
		if fault.Ms <= 0 {
			return "ms: must be positive"
		}
	case "http500":
		if fault.Count <= 0 {
			return "count: must be positive"
		}
	case "expireSessions":
	default:
		return fmt.Sprintf("kind: %q is none of restartFails, resetFails, guestServiceDown, guestHung, fdmState, hostVersion, unprotected, slow, http500, expireSessions, %s",
			fault.Kind, strings.Join(networkFaults, ", "))
	}
	return ""
}

// apply carries out the kinds that act once; the others are asked for when they matter.
func (f *faults) apply(fault Fault, on bool) {
	f.applyNetwork(fault, on)
	switch fault.Kind {
	case "guestServiceDown":
		for _, m := range f.s.selectMachines(func(m *machine) bool { return m.name == fault.VM }) {
			f.s.fleet.SetService(m.id, !on, "fault")
		}
	case "guestHung":
		for _, m := range f.s.selectMachines(func(m *machine) bool { return on && m.name == fault.VM }) {
			f.s.fleet.Hang(m.id)
		}
	case "hostVersion":
		version := ""
		if on {
			version = fault.State
		}
		f.s.showVersion(fault.Host, version)
	case "expireSessions":
		if on {
			f.s.sessions.expire(-1)
			f.s.rest.end()
		}
	case "fdmState":
		f.s.mu.Lock()
		var all []*ha
		for _, c := range f.s.clusters {
			all = append(all, c.ha)
		}
		f.s.mu.Unlock()
		for _, h := range all {
			h.refresh()
		}
	}
}

func (f *faults) list(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []Fault{}
	for _, fault := range f.active {
		all = append(all, *fault)
	}
	answer(w, http.StatusOK, all)
}

func (f *faults) remove(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	fault := f.active[r.PathValue("id")]
	delete(f.active, r.PathValue("id"))
	f.mu.Unlock()
	if fault == nil {
		http.Error(w, "no such fault", http.StatusNotFound)
		return
	}
	f.apply(*fault, false)
	w.WriteHeader(http.StatusNoContent)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// blocks tells whether a fault of a kind is set for a virtual machine.
func (f *faults) blocks(kind, vm string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.active {
		if fault.Kind == kind && fault.VM == vm {
			return true
		}
	}
	return false
}

// strikes tells whether a fault of a kind is set for a host.
func (f *faults) strikes(kind, host string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.active {
		if fault.Kind == kind && fault.Host == host {
			return true
		}
	}
	return false
}

// state is the role that a fault makes a host report.
func (f *faults) state(host string) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.active {
		if fault.Kind == "fdmState" && fault.Host == host {
			return fault.State, true
		}
	}
	return "", false
}

// disturb is what a call meets before it is answered: a delay, or true for an HTTP error instead of an answer.
func (f *faults) disturb() (delay time.Duration, fail bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.active {
		switch {
		case fault.Kind == "slow":
			delay += time.Duration(fault.Ms) * time.Millisecond
		case fault.Kind == "http500" && fault.Count > 0:
			fault.Count--
			fail = true
		}
	}
	return delay, fail
}

// middleware lets faults disturb calls of the SOAP API.
func (f *faults) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		delay, fail := f.disturb()
		if delay > 0 {
			select {
			case <-time.After(delay):
			case <-r.Context().Done():
				return
			}
		}
		if fail {
			http.Error(w, "the lab was asked to fail this call", http.StatusInternalServerError)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// showVersion shows a host with another version of ESXi; empty means its own.
func (s *Sim) showVersion(name, version string) {
	host, ok := s.hostOf(s.servers[name])
	if !ok {
		return
	}
	product := *esx.HostSystem.Summary.Config.Product
	set(&product.Version, version)
	s.change(s.context(), host.ref,
		types.PropertyChange{Name: "config.product", Val: product},
		types.PropertyChange{Name: "summary.config.product", Val: &product})
}
