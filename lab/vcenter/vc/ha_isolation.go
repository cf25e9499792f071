package vc

import (
	"slices"
	"strconv"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
	"vsphere-ha/lab/vcenter/truth"
)

// departure is what became of a machine on an isolated host, which vCenter learns later.
type departure struct {
	host   types.ManagedObjectReference
	asked  bool // its guest was asked to shut down
	forced bool // and did not
}

// respond lets hosts that have declared themselves isolated do what the cluster's settings say. It happens on the hosts:
// vCenter hears of it later.
func (h *ha) respond(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, agents *fdm.Cluster, hosts []managedHost, now time.Duration) {
	for _, host := range hosts {
		var since time.Duration
		var isolated bool
		var master string
		h.locked(func() {
			since, isolated = agents.IsolatedSince(host.ref.Value)
			master = agents.Responsible()
		})
		h.noteIsolation(ctx, host, isolated)
		if !isolated {
			continue
		}
		policy := h.isolations[host.ref]
		for _, step := range policy.Step(now, since, h.candidates(cfg, host, master)) {
			h.carryOut(host, step)
		}
	}
	h.noteShutdowns()
}

// noteIsolation opens or closes the response of a host.
func (h *ha) noteIsolation(ctx *simulator.Context, host managedHost, isolated bool) {
	_, known := h.isolations[host.ref]
	switch {
	case isolated && !known:
		cfg := h.s.settings(h.cluster)
		policy := fdm.NewIsolation()
		if d, ok := optionSeconds(cfg, "fdm.isolationpolicydelaysec"); ok {
			policy.Delay = max(policy.Delay, d)
		}
		if d, ok := optionSeconds(cfg, "das.isolationshutdowntimeout"); ok {
			policy.Timeout = d
		}
		h.isolations[host.ref] = policy
		h.s.truth.Write(time.Now(), truth.Entry{Host: host.server.Name, Event: "isolated"})
	case !isolated && known:
		delete(h.isolations, host.ref)
		if h.s.reaches(host.server) {
			h.postReturn(ctx, host.ref)
		}
	}
}

func optionSeconds(cfg *types.ClusterConfigInfoEx, name string) (time.Duration, bool) {
	n, err := strconv.Atoi(advanced(cfg, name))
	return time.Duration(n) * time.Second, err == nil && n >= 0
}

// candidates are the machines that an isolated host runs, copies included, with what it can find out of each: it looks
// on the machine's datastore for a master that is responsible (vSphere API reference,
// ClusterDasVmSettingsIsolationResponse).
func (h *ha) candidates(cfg *types.ClusterConfigInfoEx, host managedHost, master string) []fdm.IsolatedVM {
	owner, alive := h.s.host(hostRef(master))
	var list []fdm.IsolatedVM
	for _, id := range h.s.fleet.On(host.server.Name) {
		m, ok := h.s.machineByID(id)
		if !ok || m.system {
			continue
		}
		wanted := true
		for _, ds := range m.files {
			if host.reachesDatastore(ds) {
				wanted = wanted && alive && owner.reachesDatastore(ds)
			}
		}
		list = append(list, fdm.IsolatedVM{ID: id, Response: isolationResponse(cfg, m.ref), Wanted: wanted && m.protected})
	}
	return list
}

// isolationResponse is a machine's response: its override, or the cluster's default.
func isolationResponse(cfg *types.ClusterConfigInfoEx, vm types.ManagedObjectReference) fdm.Response {
	word := cfg.DasConfig.DefaultVmSettings.IsolationResponse
	for _, o := range cfg.DasVmConfig {
		if s := o.DasSettings; o.Key != vm {
			continue
		} else if s != nil && s.IsolationResponse != "" && s.IsolationResponse != "clusterIsolationResponse" {
			word = s.IsolationResponse
		} else if s == nil && o.PowerOffOnIsolation != nil { // the form of older clients
			word = string(fdm.LeaveOn)
			if *o.PowerOffOnIsolation {
				word = string(fdm.PowerOff)
			}
		}
	}
	return fdm.Response(word)
}

func (h *ha) carryOut(host managedHost, step fdm.IsolationStep) {
	m, ok := h.s.machineByID(step.VM)
	if !ok {
		return
	}
	left := departure{host: host.ref, asked: step.Forced || step.Do == fdm.Shutdown, forced: step.Forced}
	if step.Do == fdm.Shutdown {
		h.shutting[m.ref] = left
		h.s.fleet.Shutdown(m.id, host.server.Name, "isolation response")
		return
	}
	delete(h.shutting, m.ref)
	h.s.fleet.Stop(m.id, host.server.Name, "isolation response")
	h.departed(m, left)
}

// noteShutdowns sees which guests have shut down.
func (h *ha) noteShutdowns() {
	for ref, left := range h.shutting {
		m, ok := h.s.machine(ref)
		if ok && slices.Contains(h.s.fleet.On(h.s.hostName(left.host)), m.id) {
			continue
		}
		delete(h.shutting, ref)
		if ok {
			h.departed(m, left)
		}
	}
}

// departed marks a machine that its isolated host has stopped, unless it runs elsewhere by now.
func (h *ha) departed(m machine, left departure) {
	if _, runs := h.s.fleet.Status(m.id); !runs && m.host == left.host {
		h.s.updateMachine(m.ref, func(x *machine) { x.lost, x.left = !x.failing, &left }) // one that is being restarted is no longer missed
	}
}

// learnDepartures lets the master read on the heartbeat datastores which machines isolated hosts have stopped, so that
// it restarts them, and lets vCenter know. A host that left no word there tells when it is back.
func (h *ha) learnDepartures(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, restarts *fdm.Restarter, seen []fdm.Observation, now time.Duration) {
	beats := map[string][]string{}
	for _, o := range seen {
		beats[o.ID] = o.Heartbeats
	}
	for _, m := range h.s.selectMachines(func(m *machine) bool { return m.left != nil }) {
		host, ok := h.s.host(m.left.host)
		if !ok || host.cluster != h.cluster {
			continue
		}
		reads := h.master != "" && slices.ContainsFunc(beats[host.ref.Value], func(d string) bool { return slices.Contains(beats[h.master], d) })
		if !reads && !h.s.reaches(host.server) {
			continue
		}
		h.s.updateMachine(m.ref, func(x *machine) { x.left = nil })
		h.postDeparture(ctx, m, *m.left)
		if reads && !m.failing && m.protected && hostMonitoring(cfg) && priority(cfg, m.ref) != fdm.Disabled {
			h.queue(ctx, cfg, m, restarts, now)
		}
	}
}

// endCopies ends what a host still runs of machines that were restarted elsewhere, once it can know: when it reaches
// their files again, whose locks it has lost, or a master.
func (h *ha) endCopies(agents *fdm.Cluster, hosts []managedHost) {
	for _, host := range hosts {
		ids := h.s.fleet.CopiesOn(host.server.Name)
		if len(ids) == 0 {
			continue
		}
		var obeys bool
		h.locked(func() { obeys = agents.Obeys(host.ref.Value) })
		for _, id := range ids {
			m, ok := h.s.machineByID(id)
			reached := ok && !slices.ContainsFunc(m.files, func(ds types.ManagedObjectReference) bool { return !host.reachesDatastore(ds) })
			if obeys || reached {
				h.s.fleet.Stop(id, host.server.Name, "its files are locked by another host")
			}
		}
	}
}

// recall ends the failover of machines that were never down: their host was declared dead, kept their files locked, and
// is heard again.
func (h *ha) recall(ctx *simulator.Context, agents *fdm.Cluster, restarts *fdm.Restarter) {
	if !h.failing {
		return
	}
	for _, m := range h.s.selectMachines(func(m *machine) bool { return m.failing }) {
		host, ok := h.s.host(m.host)
		status, runs := h.s.fleet.Status(m.id)
		if !ok || !runs || host.cluster != h.cluster || status.Host != host.server.Name {
			continue
		}
		var obeys bool
		h.locked(func() {
			if obeys = agents.Obeys(m.host.Value); obeys {
				restarts.Drop(m.ref.Value)
			}
		})
		if !obeys {
			continue
		}
		h.s.updateMachine(m.ref, func(x *machine) { x.failing, x.target = false, types.ManagedObjectReference{} })
		h.s.change(ctx, m.ref,
			types.PropertyChange{Name: "runtime.vmFailoverInProgress", Val: false},
			types.PropertyChange{Name: "summary.runtime.vmFailoverInProgress", Val: false})
		if h.s.reaches(host.server) {
			h.s.showReachable(ctx, m.ref, types.VirtualMachineConnectionStateConnected)
		}
	}
}
