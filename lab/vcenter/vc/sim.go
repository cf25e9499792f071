// Package vc is the simulated vCenter: govmomi's simulator with what it lacks of clusters, hosts, storage and HA.
//
// Locks: the simulator locks each managed object for a call. Code here takes at most one object's lock at a time, or
// those of a virtual machine and then of hosts, pools and datastores; Sim.mu is innermost, held over no call.
package vc

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/access"
	"vsphere-ha/lab/vcenter/callrecord"
	"vsphere-ha/lab/vcenter/clock"
	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/esxi"
	"vsphere-ha/lab/vcenter/guest"
	"vsphere-ha/lab/vcenter/hardware"
	"vsphere-ha/lab/vcenter/perf"
	"vsphere-ha/lab/vcenter/redfish"
	"vsphere-ha/lab/vcenter/truth"
)

// Sim is one vCenter with the servers, storage and guests that it manages.
type Sim struct {
	cfg     *config.Config
	cert    tls.Certificate
	thumb   string
	clock   *clock.Clock
	truth   *truth.Log
	fleet   *guest.Fleet
	servers map[string]*hardware.Server
	network *hardware.Network
	svc     *simulator.Service
	server  *http.Server
	client  *vim25.Client
	faults  *faults
	stats   statistics
	calls   calls
	made    *callrecord.Log
	bmcs    []*redfish.BMC
	ssh     map[*hardware.Server]*esxi.Host

	// who gets in, and what they may do
	book     *access.Book
	sessions *sessions
	rest     *restSessions
	tickets  tickets
	pages    pages

	placements placements
	policies   policies
	profiles   *profileManager

	configurations configurations

	stop context.CancelFunc
	life context.Context
	work sync.WaitGroup

	vpxd     *vpxd
	vcls     sync.Mutex // one reconciliation of agent machines at a time
	watching sync.Mutex // one look at a host's connection at a time
	creating sync.Mutex // one machine at a time is made by the simulator

	mu       sync.Mutex
	vms      map[types.ManagedObjectReference]*machine
	index    machineIndex
	hosts    map[types.ManagedObjectReference]*managedHost
	clusters map[types.ManagedObjectReference]*cluster
	contacts map[*hardware.Server]contact
}

// New builds the inventory and starts everything but the network listeners.
func New(cfg *config.Config) (*Sim, error) {
	cert, err := tls.LoadX509KeyPair(cfg.TLS.Cert, cfg.TLS.Key)
	if err != nil {
		return nil, fmt.Errorf("cannot load the certificate: %w", err)
	}
	for _, dir := range []string{cfg.DataDir, filepath.Dir(cfg.TruthLog)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	if cfg.DataDir, err = filepath.Abs(cfg.DataDir); err != nil {
		return nil, err
	}
	log, err := truth.Open(cfg.TruthLog)
	if err != nil {
		return nil, fmt.Errorf("cannot open the truth log: %w", err)
	}
	made, err := callrecord.Open(filepath.Join(cfg.DataDir, callrecord.File))
	if err != nil {
		return nil, fmt.Errorf("cannot open the log of calls: %w", err)
	}
	s := &Sim{
		cfg: cfg, cert: cert, thumb: thumbprint(cert), clock: clock.New(cfg.TimeScale), truth: log, made: made,
		servers:  map[string]*hardware.Server{},
		network:  hardware.NewNetwork(),
		contacts: map[*hardware.Server]contact{},
		ssh:      map[*hardware.Server]*esxi.Host{},
		vms:      map[types.ManagedObjectReference]*machine{}, index: newMachineIndex(),
		hosts:    map[types.ManagedObjectReference]*managedHost{},
		clusters: map[types.ManagedObjectReference]*cluster{},
	}
	s.stats.series = map[types.ManagedObjectReference]*perf.Series{}
	s.vpxd = newVpxd()
	s.faults = newFaults(s)
	s.sessions = newSessions(s, time.Duration(cmp.Or(cfg.SessionTimeoutSeconds, config.DefaultSessionTimeout))*time.Second)
	s.rest = newRestSessions(s)
	s.calls.sessions = s.sessions
	s.life, s.stop = context.WithCancel(context.Background())
	s.fleet = guest.NewFleet(s.clock, log, netip.MustParsePrefix(cfg.GuestNetwork))
	s.fleet.OnChange = s.guestChanged
	for _, h := range append([]config.Host{libraryHost}, cfg.Hosts...) {
		server := hardware.NewServer(h, s.clock, log)
		server.OnDown, server.OnUp, server.OnNetwork = s.serverDown, s.serverUp, s.networkChanged
		server.OnStorage = s.storageChanged
		s.servers[h.Name] = server
	}
	if err := s.build(); err != nil {
		s.Close()
		return nil, err
	}
	s.run(s.statsLoop)
	s.run(s.sessions.watch)
	return s, nil
}

// run starts a goroutine that ends with the simulation.
func (s *Sim) run(f func()) {
	s.work.Go(f)
}

// Server finds a physical server by name.
func (s *Sim) Server(name string) *hardware.Server { return s.servers[name] }

// Copies counts the machines that a server still runs although they were restarted elsewhere.
func (s *Sim) Copies(server string) int { return len(s.fleet.CopiesOn(server)) }

// Close stops listeners, guests and background work.
func (s *Sim) Close() {
	s.stop()
	if s.server != nil {
		_ = s.server.Close()
	}
	s.faults.close()
	s.closeConsoles()
	s.work.Wait()
	s.vcls.Lock() // agent machines are not left half made
	defer s.vcls.Unlock()
	for _, server := range s.servers {
		server.Close()
	}
	s.fleet.Close()
	_ = s.truth.Close()
	_ = s.made.Close()
}

// context makes a simulator context of its own: locks are held by context, so that no two goroutines may share one.
func (s *Sim) context() *simulator.Context {
	c := *s.svc.Context
	return &c
}
