package vc

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
	"vsphere-ha/lab/vcenter/hardware"
	"vsphere-ha/lab/vcenter/truth"
)

// hostLost shows a host as not responding and its machines as disconnected, with their last known power state.
func (s *Sim) hostLost(ctx *simulator.Context, ref types.ManagedObjectReference) {
	h, ok := s.host(ref)
	if !ok || !h.responding || h.disconnected || !s.vpxd.runs() {
		return
	}
	s.updateHost(ref, func(m *managedHost) { m.responding = false })
	s.showConnection(ctx, ref)
	for _, m := range s.machinesOn(ref) {
		s.showReachable(ctx, m.ref, types.VirtualMachineConnectionStateDisconnected)
	}
	s.post(&types.HostConnectionLostEvent{HostEvent: s.hostEvent(ctx, ref)})
	s.tendHost(ref)
}

func (s *Sim) showReachable(ctx *simulator.Context, vm types.ManagedObjectReference, state types.VirtualMachineConnectionState) {
	s.change(ctx, vm,
		types.PropertyChange{Name: "runtime.connectionState", Val: state},
		types.PropertyChange{Name: "summary.runtime.connectionState", Val: state})
}

// noteLost marks what ran on a server when it lost its power, and was started nowhere else until it is back.
func (s *Sim) noteLost(server *hardware.Server) {
	h, ok := s.hostOf(server)
	if !ok {
		return
	}
	for _, m := range s.machinesOn(h.ref) {
		if _, runs := s.fleet.Status(m.id); m.on && !m.failing && !runs {
			s.updateMachine(m.ref, func(x *machine) { x.lost = true })
		}
	}
}

// reconnect shows a host that came back. Machines still registered there lost their power with it, unless HA is about to
// start them elsewhere.
func (s *Sim) reconnect(ctx *simulator.Context, ref types.ManagedObjectReference, server *hardware.Server) {
	if !s.vpxd.runs() {
		return // it will ask when it runs
	}
	_, since := server.Up()
	s.change(ctx, ref, types.PropertyChange{Name: "runtime.bootTime", Val: since})
	s.showAdapters(server)
	for _, m := range s.machinesOn(ref) {
		if m.failing {
			continue
		}
		if _, runs := s.fleet.Status(m.id); m.on && !runs {
			s.change(ctx, m.ref,
				types.PropertyChange{Name: "runtime.powerState", Val: types.VirtualMachinePowerStatePoweredOff},
				types.PropertyChange{Name: "summary.runtime.powerState", Val: types.VirtualMachinePowerStatePoweredOff},
				types.PropertyChange{Name: "runtime.bootTime", Val: nil},
				types.PropertyChange{Name: "summary.runtime.bootTime", Val: nil})
			s.post(&types.VmPoweredOffEvent{VmEvent: s.vmEvent(ctx, m)})
		}
		s.showReachable(ctx, m.ref, types.VirtualMachineConnectionStateConnected)
		s.reportTools(ctx, m.ref)
	}
	if h, ok := s.host(ref); !ok || h.responding {
		return // it was away for too short to be missed
	}
	s.updateHost(ref, func(m *managedHost) { m.responding = true })
	s.showConnection(ctx, ref)
	s.post(&types.HostConnectedEvent{HostEvent: s.hostEvent(ctx, ref)})
	s.tendHost(ref)
}

// declareDead tells vCenter of a host's death and queues its machines for restart, and those that it was starting.
func (h *ha) declareDead(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, ref types.ManagedObjectReference, restarts *fdm.Restarter, now time.Duration) {
	h.s.truth.Write(time.Now(), truth.Entry{Host: h.s.hostName(ref), Event: "declaredDead"})
	machines := h.s.machinesOn(ref)
	h.s.hostLost(ctx, ref)
	h.postHostFailed(ctx, ref)
	var interrupted []string
	h.locked(func() { interrupted = restarts.HostDied(ref.Value, now) })
	for _, id := range interrupted {
		if m, ok := h.s.machine(vmRef(id)); ok {
			h.s.updateMachine(m.ref, func(x *machine) { x.target = types.ManagedObjectReference{} })
			h.postFailed(ctx, m, &types.HostNotReachable{})
		}
	}
	if !hostMonitoring(cfg) {
		return
	}
	for _, m := range machines {
		if m.template || m.system || !m.on && !m.lost || m.failing {
			continue
		}
		switch {
		case priority(cfg, m.ref) == fdm.Disabled:
			h.post(ctx, "com.vmware.vc.HA.VMIsHADisabledRestartEvent", "info", m, "vSphere HA did not restart %s because its restart priority is disabled")
		case !m.protected:
			h.post(ctx, "com.vmware.vc.HA.VmNotProtectedEvent", "warning", m, "vSphere HA did not restart %s because it was not protected when its host failed")
		default:
			h.queue(ctx, cfg, m, restarts, now)
		}
	}
}

func (h *ha) queue(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, m machine, restarts *fdm.Restarter, now time.Duration) {
	needs, ok := h.s.placementVM(ctx, m.ref)
	if !ok {
		return
	}
	h.s.updateMachine(m.ref, func(x *machine) { x.failing, x.lost = true, false })
	h.s.change(ctx, m.ref,
		types.PropertyChange{Name: "runtime.vmFailoverInProgress", Val: true},
		types.PropertyChange{Name: "summary.runtime.vmFailoverInProgress", Val: true})
	condition, delay := readinessOf(cfg, m.ref)
	vm := fdm.VM{
		VM: needs, Name: m.name, Priority: priority(cfg, m.ref), Condition: condition, Delay: delay,
		Timeout: restartTimeout(cfg, m.ref), DependsOn: dependencies(cfg, m.ref),
	}
	h.locked(func() { restarts.Add(vm, now) })
	if !h.failing {
		h.failing = true
		h.postCluster(ctx, "com.vmware.vc.HA.ClusterFailoverActionInitiatedEvent", "warning", "vSphere HA initiated a failover action in cluster %s")
		h.postCluster(ctx, "com.vmware.vc.HA.ClusterFailoverInProgressEvent", "warning", "vSphere HA failover operation in progress in cluster %s")
	}
}
