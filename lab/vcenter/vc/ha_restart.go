package vc

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
	"vsphere-ha/lab/vcenter/guest"
)

func vmRef(id string) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "VirtualMachine", Value: id}
}

// takeOver is a new master's first act: it reads which machines are protected and do not run, and counts attempts anew
// (Deep Dive, "Restart Retries"). Orders that its predecessor gave to hosts that live are carried out.
func (h *ha) takeOver(agents *fdm.Cluster, restarts *fdm.Restarter, now time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	master := agents.Responsible()
	if master == h.master {
		return
	}
	if h.master = master; master == "" {
		return
	}
	h.reads = now + fdm.ListReadTime
	restarts.TakeOver(h.reads, func(host string) bool {
		m, ok := h.s.host(hostRef(host))
		if !ok {
			return false
		}
		up, _ := m.server.Up()
		return up
	})
}

// commands tells whether the master may start machines on a host; what vCenter sees of the host is no matter.
func (h *ha) commands(agents *fdm.Cluster, host managedHost) bool {
	return agents.Obeys(host.ref.Value) && !host.disconnected && !host.maintenance && host.leaving == 0
}

// recoverLost queues protected machines that lost their power with a host that is back, when no master was left to miss
// them: all hosts had failed.
func (h *ha) recoverLost(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, agents *fdm.Cluster, hosts []managedHost, restarts *fdm.Restarter, now time.Duration) {
	if h.master == "" || now < h.reads || !hostMonitoring(cfg) {
		return
	}
	h.reads = now + protectEvery // it looks again as often as protection changes
	for _, m := range h.s.selectMachines(func(m *machine) bool { return m.lost && m.protected && !m.failing }) {
		i := slices.IndexFunc(hosts, func(x managedHost) bool { return x.ref == m.host })
		if i < 0 || priority(cfg, m.ref) == fdm.Disabled {
			continue
		}
		var back bool
		h.locked(func() { back = h.commands(agents, hosts[i]) })
		if back {
			h.queue(ctx, cfg, m, restarts, now)
		}
	}
}

// continueRestarts starts what may start now, and closes the failover when nothing is left to do.
func (h *ha) continueRestarts(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, agents *fdm.Cluster, restarts *fdm.Restarter, now time.Duration) {
	if !h.failing || h.master == "" {
		return
	}
	restarts.Attempts = attempts(cfg)
	h.mu.Lock()
	actions := restarts.Step(now, func() fdm.View { return h.look(ctx, cfg, agents) }, h.progress, h.ready(cfg))
	h.mu.Unlock()
	for _, a := range actions {
		m, ok := h.s.machine(vmRef(a.VM.ID))
		switch {
		case !ok || !m.failing:
			h.locked(func() { restarts.Drop(a.VM.ID) })
		case a.NoRoom:
			h.postNoRoom(ctx, m, a.Why)
		case a.GiveUp:
			h.giveUp(ctx, m)
		default:
			h.s.updateMachine(m.ref, func(x *machine) { x.target = hostRef(a.Host) })
			h.s.run(func() { h.restart(a, m, restarts) })
		}
	}
	var pending bool
	h.locked(func() {
		if pending = restarts.Pending(); !pending {
			restarts.Clear()
		}
	})
	if !pending {
		h.failing = false
		h.postCluster(ctx, "com.vmware.vc.HA.ClusterFailoverActionCompletedEvent", "info", "vSphere HA completed a failover action in cluster %s")
	}
}

func (h *ha) locked(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// look is what the master knows of the hosts that obey it: their room, and the restarts under way there.
func (h *ha) look(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, agents *fdm.Cluster) fdm.View {
	members := slices.DeleteFunc(h.s.clusterHosts(h.cluster), func(m managedHost) bool { return !h.commands(agents, m) })
	starting := map[string]int{}
	for _, m := range h.s.selectMachines(func(m *machine) bool { return m.target.Value != "" }) {
		starting[m.target.Value]++
	}
	view := fdm.View{Site: h.s.placementSite(cfg, restartRules(cfg))}
	for _, p := range h.s.placementHosts(ctx, members) {
		view.Hosts = append(view.Hosts, fdm.Host{Host: p, Starting: starting[p.ID], Dedicated: h.s.isFailoverHost(h.cluster, hostRef(p.ID))})
	}
	return view
}

func (h *ha) progress(id string) fdm.Progress {
	m, ok := h.s.machine(vmRef(id))
	if !ok {
		return fdm.Progress{Running: true, Heartbeat: true, App: true} // nobody waits for a machine that is gone
	}
	status, runs := h.s.fleet.Status(m.id)
	return fdm.Progress{
		Running: runs, Heartbeat: h.s.heartbeat(status) == types.ManagedEntityStatusGreen,
		App: status.App && h.s.clock.Since(status.AppMarked) < guest.AppTimeout,
	}
}

// ready tells whether a machine that is not being restarted keeps those waiting that depend on it. One that is off does
// not: HA would not start it (an assumption; the documentation speaks of machines that restart).
func (h *ha) ready(cfg *types.ClusterConfigInfoEx) func(id string) bool {
	return func(id string) bool {
		m, ok := h.s.machine(vmRef(id))
		if !ok || !m.on {
			return true
		}
		condition, _ := readinessOf(cfg, m.ref)
		return condition == fdm.WhenPlaced || condition.Met(h.progress(id))
	}
}

// restart powers a machine on at its new host. An order to a host that has died meanwhile has no answer: the master
// learns what became of it when it declares that host dead.
func (h *ha) restart(a fdm.Action, m machine, restarts *fdm.Restarter) {
	target := hostRef(a.Host)
	defer h.s.updateMachine(m.ref, func(x *machine) { x.target = types.ManagedObjectReference{} })
	if !h.s.wait(fdm.PowerOnTime) {
		return
	}
	ctx := h.s.context()
	now, ok := h.s.machine(m.ref)
	host, known := h.s.host(target)
	up := false
	if known {
		up, _ = host.server.Up()
	}
	switch {
	case !ok || !now.failing || now.target != target:
		h.locked(func() { restarts.Drop(a.VM.ID) })
	case known && !up:
	case h.s.faults.blocks("restartFails", m.name):
		h.failed(ctx, now, restarts, &types.GenericVmConfigFault{Reason: "the virtual machine could not be powered on"})
	case !known || host.disconnected || host.maintenance:
		h.failed(ctx, now, restarts, &types.HostNotConnected{})
	case h.s.locked(now): // its host lives on and keeps it
		h.failed(ctx, now, restarts, &types.FileLocked{FileFault: types.FileFault{File: now.name}})
	default:
		h.s.runOn(ctx, m.ref, target)
		h.locked(func() { restarts.Started(a.VM.ID) })
		after, _ := h.s.machine(m.ref)
		h.post(ctx, "com.vmware.vc.ha.VmRestartedByHAEvent", "warning", after, "vSphere HA restarted virtual machine %s on host "+h.s.hostName(target))
		h.s.post(&types.VmPoweredOnEvent{VmEvent: h.s.vmEvent(ctx, after)})
	}
}

// runOn registers a machine that HA restarts at its new host and starts it there.
func (s *Sim) runOn(ctx *simulator.Context, ref, host types.ManagedObjectReference) {
	vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	s.fleet.Forsake(vm.Config.InstanceUuid) // its old host may run it still, if that lost its locks
	ctx.WithLock(vm, func() {
		s.updateMachine(ref, func(x *machine) { x.failing = false })
		s.reregister(ctx, vm, host)
		boot := time.Now()
		ctx.Update(vm, []types.PropertyChange{
			{Name: "runtime.connectionState", Val: types.VirtualMachineConnectionStateConnected},
			{Name: "summary.runtime.connectionState", Val: types.VirtualMachineConnectionStateConnected},
			{Name: "runtime.vmFailoverInProgress", Val: false},
			{Name: "summary.runtime.vmFailoverInProgress", Val: false},
			{Name: "runtime.bootTime", Val: boot},
			{Name: "summary.runtime.bootTime", Val: boot},
			{Name: "summary.runtime.powerState", Val: types.VirtualMachinePowerStatePoweredOn},
			{Name: "runtime.powerState", Val: types.VirtualMachinePowerStatePoweredOn},
		})
	})
}

func (h *ha) failed(ctx *simulator.Context, m machine, restarts *fdm.Restarter, fault types.BaseMethodFault) {
	h.locked(func() { restarts.Failed(m.ref.Value, h.s.clock.Now()) })
	h.postFailed(ctx, m, fault)
}

// giveUp leaves a machine where it was: off, as its host will say when it comes back.
func (h *ha) giveUp(ctx *simulator.Context, m machine) {
	h.s.updateMachine(m.ref, func(x *machine) { x.failing = false })
	h.s.change(ctx, m.ref,
		types.PropertyChange{Name: "runtime.vmFailoverInProgress", Val: false},
		types.PropertyChange{Name: "summary.runtime.vmFailoverInProgress", Val: false})
	h.s.post(&types.VmMaxRestartCountReached{VmEvent: h.s.vmEvent(ctx, m)})
	if host, ok := h.s.host(m.host); ok && host.responding {
		h.s.reconnect(ctx, host.ref, host.server)
	}
}
