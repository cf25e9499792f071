package vc

import (
	"context"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
)

const (
	// haTick is how often HA looks at its hosts. Heartbeats are a second apart (vSphere Availability): a fifth of that
	// keeps each step of a timeline well within a second.
	haTick = 200 * time.Millisecond
	// protectEvery is how often protection follows what runs.
	protectEvery = time.Second
)

// ha runs vSphere HA for one cluster: it feeds what it sees to fdm and carries out what fdm decides.
type ha struct {
	s       *Sim
	cluster types.ManagedObjectReference

	mu     sync.Mutex
	cancel context.CancelFunc // nil while HA is off

	// The rest belongs to the loop; agents and setups are read by others, under mu.
	agents     *fdm.Cluster
	setups     map[types.ManagedObjectReference]*setup
	restarts   *fdm.Restarter
	monitored  *fdm.Monitor
	guard      *fdm.Guard
	failing    bool
	master     string        // that was responsible for restarts at the last look
	reads      time.Duration // when that master has read which machines are protected
	protected  time.Duration
	lostMaster bool // vCenter has said so
	short      bool // of failover capacity
	slow       bool // machines would degrade by more than they tolerate
	info       types.BaseClusterDasAdmissionControlInfo
	// isolations are the responses of isolated hosts; shutting are the guests that they have asked to shut down.
	isolations map[types.ManagedObjectReference]*fdm.Isolation
	shutting   map[types.ManagedObjectReference]departure
}

func newHA(s *Sim, cluster types.ManagedObjectReference) *ha { return &ha{s: s, cluster: cluster} }

// tend starts or stops HA as the cluster's settings say.
func (h *ha) tend() {
	cfg := h.s.settings(h.cluster)
	on := cfg != nil && isTrue(cfg.DasConfig.Enabled)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case on && h.cancel == nil:
		ctx, cancel := context.WithCancel(h.s.life)
		h.cancel = cancel
		h.monitored, h.guard = fdm.NewMonitor(), fdm.NewGuard()
		h.agents, h.restarts, h.failing, h.master, h.protected = fdm.NewCluster(), fdm.NewRestarter(), false, "", 0
		h.short, h.slow, h.info = false, false, nil
		h.setups = map[types.ManagedObjectReference]*setup{}
		h.isolations, h.shutting = map[types.ManagedObjectReference]*fdm.Isolation{}, map[types.ManagedObjectReference]departure{}
		h.s.run(func() { h.loop(ctx) })
	case !on && h.cancel != nil:
		h.cancel()
		h.cancel = nil
	}
}

func (h *ha) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cancel != nil {
		h.cancel()
		h.cancel = nil
	}
}

func (h *ha) loop(ctx context.Context) {
	h.mu.Lock()
	agents, restarts := h.agents, h.restarts
	h.mu.Unlock()
	h.s.clock.Every(ctx, haTick, func() { h.tick(agents, restarts) })
	if h.s.life.Err() == nil {
		h.retire(agents)
	}
}

// retire shows that HA is off.
func (h *ha) retire(agents *fdm.Cluster) {
	ctx := h.s.context()
	h.showIssues(ctx, false, false)
	h.s.refreshResource(ctx, h.cluster)
	for _, host := range h.s.clusterHosts(h.cluster) {
		h.showHeartbeatIssue(ctx, host, "")
		if _, ok := agents.State(host.ref.Value); ok || h.lacksAgent(host.ref) {
			h.s.removeAgent(ctx, host.ref)
		}
		for _, m := range h.s.machinesOn(host.ref) {
			if !m.protectionShown {
				continue
			}
			h.s.updateMachine(m.ref, func(x *machine) { x.protected, x.protectionShown, x.failing = false, false, false })
			h.s.change(ctx, m.ref, types.PropertyChange{Name: "runtime.dasVmProtection", Val: nil})
		}
	}
}

func (h *ha) tick(agents *fdm.Cluster, restarts *fdm.Restarter) {
	cfg := h.s.settings(h.cluster)
	if cfg == nil {
		return
	}
	now := h.s.clock.Now()
	hosts := h.s.clusterHosts(h.cluster)
	heartbeats := h.s.heartbeatDatastores(h.cluster)
	ctx := h.s.context()
	seen := h.configure(ctx, h.observe(cfg, hosts, heartbeats), now)
	h.mu.Lock()
	out := agents.Step(now, seen, len(heartbeats) > 0)
	h.mu.Unlock()
	attends := h.s.vpxd.runs()
	for _, c := range out.Changes {
		if attends {
			h.show(ctx, c)
			h.noteMaster(ctx, c, agents)
		}
	}
	h.respond(ctx, cfg, agents, hosts, now)
	h.takeOver(agents, restarts, now)
	for _, id := range out.Dead {
		h.declareDead(ctx, cfg, hostRef(id), restarts, now)
	}
	h.monitor(ctx, cfg, hosts, now)
	h.protectComponents(ctx, cfg, agents, hosts, restarts, now)
	h.learnDepartures(ctx, cfg, restarts, seen, now)
	h.endCopies(agents, hosts)
	h.recall(ctx, agents, restarts)
	h.recoverLost(ctx, cfg, agents, hosts, restarts, now)
	h.continueRestarts(ctx, cfg, agents, restarts, now)
	if attends && now-h.protected >= protectEvery {
		h.protected = now
		h.protect(ctx, cfg, agents, hosts)
		h.watchAdmission(ctx, cfg)
		h.watchHeartbeats(ctx, cfg, hosts)
	}
}

func hostRef(id string) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "HostSystem", Value: id}
}

// show publishes a role. A host that stopped being a member has none.
func (h *ha) show(ctx *simulator.Context, c fdm.Change) {
	ref := hostRef(c.Host)
	if h.lacksAgent(ref) {
		return
	}
	if c.State == "" {
		h.s.change(ctx, ref, types.PropertyChange{Name: "runtime.dasHostState", Val: nil})
		return
	}
	state := types.ClusterDasFdmHostState{State: string(c.State)}
	if forced, ok := h.s.faults.state(h.s.hostName(ref)); ok {
		state.State = forced
	}
	if c.Reporter != "" {
		reporter := hostRef(c.Reporter)
		state.StateReporter = &reporter
	}
	h.s.change(ctx, ref, types.PropertyChange{Name: "runtime.dasHostState", Val: &state})
	h.postState(ctx, ref, state.State)
	h.postRole(ctx, ref, types.ClusterDasFdmAvailabilityState(state.State))
}

// refresh publishes every role again, after a fault was set or removed.
func (h *ha) refresh() {
	ctx := h.s.context()
	for _, m := range h.s.clusterHosts(h.cluster) {
		h.mu.Lock()
		report, ok := fdm.Change{}, h.cancel != nil
		if ok {
			report, ok = h.agents.Report(m.ref.Value)
		}
		h.mu.Unlock()
		if ok {
			h.show(ctx, report)
		}
	}
}

// hostMonitoring tells whether HA reacts to the loss of hosts.
func hostMonitoring(cfg *types.ClusterConfigInfoEx) bool {
	return cfg.DasConfig.HostMonitoring != "disabled"
}
