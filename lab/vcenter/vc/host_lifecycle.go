package vc

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

type hostSystem struct {
	*simulator.HostSystem
	s *Sim
}

// DestroyTask takes the host out of the inventory.
func (h *hostSystem) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	ref := h.Self
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{
		Returnval: h.s.task(ctx, ref, "destroy", func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
			return nil, h.s.removeHost(ctx, ref)
		}),
	}}
}

// DisconnectHostTask ends vCenter's management of the host; what runs on it goes on.
func (h *hostSystem) DisconnectHostTask(ctx *simulator.Context, _ *types.DisconnectHost_Task) soap.HasFault {
	ref := h.Self
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		h.s.updateHost(ref, func(m *managedHost) { m.disconnected = true })
		h.s.showConnection(ctx, ref)
		h.s.post(&types.HostDisconnectedEvent{HostEvent: h.s.hostEvent(ctx, ref), Reason: "user"})
		return nil, nil
	}
	return &methods.DisconnectHost_TaskBody{Res: &types.DisconnectHost_TaskResponse{Returnval: h.s.task(ctx, ref, "disconnect", run)}}
}

// ReconnectHostTask connects the host again, with new credentials where the client gives some.
func (h *hostSystem) ReconnectHostTask(ctx *simulator.Context, req *types.ReconnectHost_Task) soap.HasFault {
	ref, name := h.Self, h.Name
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if spec := req.CnxSpec; spec != nil {
			if spec.HostName == "" {
				spec.HostName = name
			}
			if _, fault := h.s.verifyHost(*spec); fault != nil {
				return nil, fault
			}
		}
		if m, ok := h.s.host(ref); !ok {
			return nil, &types.ManagedObjectNotFound{Obj: ref}
		} else if !h.s.reaches(m.server) {
			return nil, &types.NoHost{Name: name}
		}
		h.s.updateHost(ref, func(m *managedHost) { m.disconnected, m.responding = false, true })
		h.s.showConnection(ctx, ref)
		h.s.retryRemoval(ctx, ref)
		h.s.post(&types.HostConnectedEvent{HostEvent: h.s.hostEvent(ctx, ref)})
		return nil, nil
	}
	return &methods.ReconnectHost_TaskBody{Res: &types.ReconnectHost_TaskResponse{Returnval: h.s.task(ctx, ref, "reconnect", run)}}
}

// EnterMaintenanceModeTask moves the virtual machines away where DRS may, and otherwise waits for them to leave.
func (h *hostSystem) EnterMaintenanceModeTask(_ *simulator.Context, req *types.EnterMaintenanceMode_Task) soap.HasFault {
	ref := h.Self
	run := func(ctx *simulator.Context, cancelled func() bool) (types.AnyType, types.BaseMethodFault) {
		order := evacuation{timeout: time.Duration(req.Timeout) * time.Second, off: isTrue(req.EvacuatePoweredOffVms), cancelled: cancelled}
		return nil, h.s.enterMaintenance(ctx, ref, order)
	}
	return &methods.EnterMaintenanceMode_TaskBody{Res: &types.EnterMaintenanceMode_TaskResponse{
		Returnval: h.s.cancellable(ref, "enterMaintenanceMode", run),
	}}
}

// ExitMaintenanceModeTask lets the host run virtual machines again.
func (h *hostSystem) ExitMaintenanceModeTask(ctx *simulator.Context, _ *types.ExitMaintenanceMode_Task) soap.HasFault {
	ref := h.Self
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if m, ok := h.s.host(ref); !ok || !m.maintenance {
			return nil, &types.InvalidState{}
		}
		h.s.setMaintenance(ctx, ref, false)
		h.s.post(&types.ExitMaintenanceModeEvent{HostEvent: h.s.hostEvent(ctx, ref)})
		return nil, nil
	}
	return &methods.ExitMaintenanceMode_TaskBody{Res: &types.ExitMaintenanceMode_TaskResponse{
		Returnval: h.s.task(ctx, ref, "exitMaintenanceMode", run),
	}}
}

func (s *Sim) setMaintenance(ctx *simulator.Context, ref types.ManagedObjectReference, on bool) {
	s.updateHost(ref, func(m *managedHost) { m.maintenance = on })
	s.change(ctx, ref, types.PropertyChange{Name: "runtime.inMaintenanceMode", Val: on})
	if m, ok := s.host(ref); ok && m.cluster.Value != "" {
		s.refreshResource(ctx, m.cluster)
		s.tendSystemVMs(m.cluster)
	}
}

// change updates properties of an object under its lock; a missing object is left alone.
func (s *Sim) change(ctx *simulator.Context, ref types.ManagedObjectReference, changes ...types.PropertyChange) {
	obj := ctx.Map.Get(ref)
	if obj == nil {
		return
	}
	ctx.WithLock(obj, func() {
		if dvs, ok := obj.(*simulator.DistributedVirtualSwitch); ok {
			changeSwitch(ctx, dvs, changes)
			return
		}
		ctx.Update(obj, changes)
	})
}

// showConnection publishes a host's connection and power state as vCenter knows them.
func (s *Sim) showConnection(ctx *simulator.Context, ref types.ManagedObjectReference) {
	m, ok := s.host(ref)
	if !ok {
		return
	}
	state, power, status := types.HostSystemConnectionStateConnected, types.HostSystemPowerStatePoweredOn, types.ManagedEntityStatusGreen
	switch {
	case m.disconnected:
		state, power, status = types.HostSystemConnectionStateDisconnected, types.HostSystemPowerStateUnknown, types.ManagedEntityStatusGray
	case !m.responding:
		state, power, status = types.HostSystemConnectionStateNotResponding, types.HostSystemPowerStateUnknown, types.ManagedEntityStatusRed
	}
	s.change(ctx, ref,
		types.PropertyChange{Name: "runtime.connectionState", Val: state},
		types.PropertyChange{Name: "runtime.powerState", Val: power},
		types.PropertyChange{Name: "overallStatus", Val: status},
		types.PropertyChange{Name: "summary.overallStatus", Val: status})
	if m.cluster.Value != "" {
		s.refreshResource(ctx, m.cluster)
	}
}

func (s *Sim) removeHost(ctx *simulator.Context, ref types.ManagedObjectReference) types.BaseMethodFault {
	m, ok := s.host(ref)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: ref}
	}
	if m.cluster.Value != "" && !m.maintenance && !m.disconnected && m.responding {
		return &types.InvalidState{}
	}
	if fault := s.refuseFailoverHost(ref); fault != nil {
		return fault
	}
	s.dropHost(ctx, ref)
	return nil
}

// dropHost takes a host out of the inventory, and its machines with it.
func (s *Sim) dropHost(ctx *simulator.Context, ref types.ManagedObjectReference) {
	h, ok := ctx.Map.Get(ref).(*simulator.HostSystem)
	if !ok {
		return
	}
	s.forgetMachines(ctx, ref)
	s.post(&types.HostRemovedEvent{HostEvent: s.hostEvent(ctx, ref)})
	var snapshot mo.HostSystem
	ctx.WithLock(h, func() { snapshot = h.HostSystem })
	s.leaveSwitches(ctx, ref)
	for _, d := range snapshot.Datastore {
		s.unmount(ctx, ref, d)
	}
	for _, n := range snapshot.Network {
		s.dropNetworkHost(ctx, n, ref)
	}
	if snapshot.Parent.Type == "ComputeResource" {
		s.removeResource(ctx, *snapshot.Parent)
	} else {
		s.leaveCluster(ctx, *snapshot.Parent, ref)
	}
	for _, manager := range mo.References(snapshot.ConfigManager) {
		ctx.Map.Remove(ctx, manager)
	}
	ctx.Map.Remove(ctx, ref)
	s.mu.Lock()
	delete(s.hosts, ref)
	s.mu.Unlock()
}
