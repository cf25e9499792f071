package vc

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
)

func vmRef(id string) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "VirtualMachine", Value: id}
}

// continueRestarts starts what may start now, and closes the failover when nothing is left to do.
func (h *ha) continueRestarts(ctx *simulator.Context, restarts *fdm.Restarter, now time.Duration) {
	if !h.failing {
		return
	}
	h.mu.Lock()
	actions := restarts.Step(now, h.rooms(), h.fits(ctx), h.progress)
	h.mu.Unlock()
	for _, a := range actions {
		m, ok := h.s.machine(vmRef(a.VM.ID))
		switch {
		case !ok || !m.failing:
			h.locked(func() { restarts.Drop(a.VM.ID) })
		case a.NoResources:
			h.s.post(&types.NotEnoughResourcesToStartVmEvent{VmEvent: h.s.vmEvent(ctx, m), Reason: "no host of the cluster has enough unreserved capacity"})
		case a.GiveUp:
			h.abandon(ctx, m)
		default:
			go h.restart(a, m, restarts)
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

// runsForHA tells whether a master may start machines on a host that obeys it; what vCenter sees of the host is no matter.
func (h *managedHost) runsForHA() bool { return !h.disconnected && !h.maintenance && !h.leaving }

// rooms is what the living hosts have free: their capacity less what their running machines reserve.
func (h *ha) rooms() []fdm.Room {
	var rooms []fdm.Room
	for _, host := range h.s.clusterHosts(h.cluster) {
		if !host.runsForHA() || !h.agents.Obeys(host.ref.Value) {
			continue
		}
		size := host.size()
		room := fdm.Room{Host: host.ref.Value, CPU: size.CPU, Memory: size.Memory}
		for _, m := range h.s.selectMachines(func(m *machine) bool {
			return m.host == host.ref && m.on && !m.failing || m.target == host.ref
		}) {
			load := m.load()
			room.CPU, room.Memory = room.CPU-load.CPU, room.Memory-load.Memory
			if m.target == host.ref {
				room.Starting++
			}
		}
		rooms = append(rooms, room)
	}
	return rooms
}

// fits tells whether a host has a machine's datastores and networks.
func (h *ha) fits(ctx *simulator.Context) func(vm, host string) bool {
	return func(id, hostID string) bool {
		vm, ok := ctx.Map.Get(vmRef(id)).(*simulator.VirtualMachine)
		if !ok {
			return true // it was deleted, which the caller finds out
		}
		host, ok := ctx.Map.Get(hostRef(hostID)).(*simulator.HostSystem)
		if !ok {
			return false
		}
		var datastores, networks, mounted, attached []types.ManagedObjectReference
		ctx.WithLock(vm, func() { datastores, networks = slices.Clone(vm.Datastore), networksOf(vm) })
		ctx.WithLock(host, func() { mounted, attached = slices.Clone(host.Datastore), slices.Clone(host.Network) })
		return subset(datastores, mounted) && subset(networks, attached)
	}
}

func subset(a, b []types.ManagedObjectReference) bool {
	return !slices.ContainsFunc(a, func(r types.ManagedObjectReference) bool { return !slices.Contains(b, r) })
}

func (h *ha) progress(id string) fdm.Progress {
	m, ok := h.s.machine(vmRef(id))
	if !ok {
		return fdm.Progress{Heartbeat: true} // nobody waits for a machine that is gone
	}
	status, runs := h.s.fleet.Status(m.id)
	return fdm.Progress{Heartbeat: runs && status.Booted}
}

// restart powers a machine on at its new host.
func (h *ha) restart(a fdm.Action, m machine, restarts *fdm.Restarter) {
	target := hostRef(a.Host)
	h.s.updateMachine(m.ref, func(x *machine) { x.target = target })
	defer h.s.updateMachine(m.ref, func(x *machine) { x.target = types.ManagedObjectReference{} })
	if !h.s.wait(fdm.PowerOnTime) {
		return
	}
	ctx := h.s.context()
	now, ok := h.s.machine(m.ref)
	host, known := h.s.host(target)
	switch {
	case !ok || !now.failing:
		h.locked(func() { restarts.Drop(a.VM.ID) })
		return
	case h.s.faults.blocks("restartFails", m.name):
		h.failed(ctx, now, restarts, &types.GenericVmConfigFault{Reason: "the virtual machine could not be powered on"})
		return
	case !known || !host.runsForHA():
		h.failed(ctx, now, restarts, &types.HostNotConnected{})
		return
	case h.s.locked(now): // its host lives on and keeps it
		h.failed(ctx, now, restarts, &types.FileLocked{FileFault: types.FileFault{File: now.name}})
		return
	}
	if up, _ := host.server.Up(); !up {
		h.failed(ctx, now, restarts, &types.HostNotReachable{})
		return
	}
	h.s.runOn(ctx, m.ref, target)
	after, _ := h.s.machine(m.ref)
	h.locked(func() { restarts.Started(a.VM.ID, h.s.clock.Now()) })
	h.post(ctx, "com.vmware.vc.ha.VmRestartedByHAEvent", "warning", after, "vSphere HA restarted virtual machine %s on host "+h.s.hostName(target))
	h.s.post(&types.VmPoweredOnEvent{VmEvent: h.s.vmEvent(ctx, after)})
}

// runOn registers a machine that HA restarts at its new host and starts it there.
func (s *Sim) runOn(ctx *simulator.Context, ref, host types.ManagedObjectReference) {
	vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return
	}
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
	h.s.post(&types.VmFailoverFailed{VmEvent: h.s.vmEvent(ctx, m), Reason: &types.LocalizedMethodFault{Fault: fault, LocalizedMessage: describeFault(fault)}})
}

// abandon leaves a machine where it was: off, as its host will say when it comes back.
func (h *ha) abandon(ctx *simulator.Context, m machine) {
	h.s.updateMachine(m.ref, func(x *machine) { x.failing = false })
	h.s.change(ctx, m.ref,
		types.PropertyChange{Name: "runtime.vmFailoverInProgress", Val: false},
		types.PropertyChange{Name: "summary.runtime.vmFailoverInProgress", Val: false})
	h.post(ctx, "com.vmware.vc.ha.VmRestartAbandonedEvent", "error", m, "vSphere HA stopped trying to restart %s")
	if host, ok := h.s.host(m.host); ok && host.responding {
		h.s.reconnect(ctx, host.ref, host.server)
	}
}
