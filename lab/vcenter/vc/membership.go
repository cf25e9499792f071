package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// MoveIntoTask moves hosts into the cluster; their virtual machines move to its root resource pool.
func (c *clusterResource) MoveIntoTask(ctx *simulator.Context, req *types.MoveInto_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		return nil, c.s.moveIntoCluster(ctx, c.ClusterComputeResource, req.Host)
	}
	return &methods.MoveInto_TaskBody{Res: &types.MoveInto_TaskResponse{Returnval: c.s.task(ctx, c.Self, "moveInto", run)}}
}

// MoveHostIntoTask moves one host into the cluster.
func (c *clusterResource) MoveHostIntoTask(ctx *simulator.Context, req *types.MoveHostInto_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		return nil, c.s.moveIntoCluster(ctx, c.ClusterComputeResource, []types.ManagedObjectReference{req.Host})
	}
	return &methods.MoveHostInto_TaskBody{Res: &types.MoveHostInto_TaskResponse{Returnval: c.s.task(ctx, c.Self, "moveHostInto", run)}}
}

func (s *Sim) moveIntoCluster(ctx *simulator.Context, c *simulator.ClusterComputeResource, refs []types.ManagedObjectReference) types.BaseMethodFault {
	for _, ref := range refs {
		h, ok := ctx.Map.Get(ref).(*simulator.HostSystem)
		if !ok {
			return &types.ManagedObjectNotFound{Obj: ref}
		}
		m, _ := s.host(ref)
		switch {
		case m.cluster == c.Self:
			return &types.DuplicateName{Name: m.server.Name, Object: ref}
		case m.cluster.Value != "" && !m.maintenance:
			return &types.InvalidState{}
		}
		if fault := s.refuseFailoverHost(ref); fault != nil {
			return fault
		}
		var parent types.ManagedObjectReference
		ctx.WithLock(h, func() { parent = *h.Parent })
		s.movePoolMachines(ctx, parent, *c.ResourcePool)
		if parent.Type == "ComputeResource" {
			s.removeResource(ctx, parent)
		} else {
			s.leaveCluster(ctx, parent, ref)
		}
		s.change(ctx, ref, types.PropertyChange{Name: "parent", Val: &c.Self})
		ctx.WithLock(c, func() {
			ctx.Update(c, []types.PropertyChange{{Name: "host", Val: append(slices.Clone(c.Host), ref)}})
		})
		s.updateHost(ref, func(m *managedHost) { m.cluster = c.Self })
		s.refreshResource(ctx, c.Self)
	}
	s.tendCluster(c.Self)
	return nil
}

// movePoolMachines moves the machines of a compute resource's root pool to another pool.
func (s *Sim) movePoolMachines(ctx *simulator.Context, from, to types.ManagedObjectReference) {
	r, obj := base(ctx, from)
	if r == nil || from.Type != "ComputeResource" {
		return
	}
	var source types.ManagedObjectReference
	ctx.WithLock(obj, func() { source = *r.ResourcePool })
	pool, ok := ctx.Map.Get(source).(*simulator.ResourcePool)
	if !ok {
		return
	}
	var vms []types.ManagedObjectReference
	ctx.WithLock(pool, func() { vms = slices.Clone(pool.Vm) })
	for _, vm := range vms {
		s.setPool(ctx, vm, to)
	}
}

// setPool moves a virtual machine to a resource pool.
func (s *Sim) setPool(ctx *simulator.Context, vm, to types.ManagedObjectReference) {
	var from types.ManagedObjectReference
	o, ok := ctx.Map.Get(vm).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	ctx.WithLock(o, func() {
		if o.ResourcePool != nil {
			from = *o.ResourcePool
		}
		ctx.Update(o, []types.PropertyChange{{Name: "resourcePool", Val: &to}})
	})
	if from == to {
		return
	}
	for ref, in := range map[types.ManagedObjectReference]bool{from: false, to: true} {
		obj := ctx.Map.Get(ref)
		p := asPool(obj)
		if p == nil {
			continue
		}
		ctx.WithLock(obj, func() {
			list := without(p.Vm, vm)
			if in {
				list = append(list, vm)
			}
			ctx.Update(obj, []types.PropertyChange{{Name: "vm", Val: list}})
		})
	}
}

// leaveCluster takes a host out of its cluster's list of members.
func (s *Sim) leaveCluster(ctx *simulator.Context, ref, host types.ManagedObjectReference) {
	if c, ok := ctx.Map.Get(ref).(*simulator.ClusterComputeResource); ok {
		ctx.WithLock(c, func() {
			ctx.Update(c, []types.PropertyChange{{Name: "host", Val: without(c.Host, host)}})
		})
	}
	s.updateHost(host, func(m *managedHost) { m.cluster = types.ManagedObjectReference{} })
	s.removeAgent(s.context(), host)
	s.refreshResource(ctx, ref)
	s.tendCluster(ref)
}

func (s *Sim) moveOutOfCluster(ctx *simulator.Context, f *simulator.Folder, ref types.ManagedObjectReference) types.BaseMethodFault {
	h, ok := ctx.Map.Get(ref).(*simulator.HostSystem)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: ref}
	}
	if !slices.Contains(f.ChildType, "ComputeResource") {
		return &types.NotSupported{}
	}
	m, _ := s.host(ref)
	if m.cluster.Value == "" {
		return s.moveStandalone(ctx, f, h)
	}
	if !m.maintenance {
		return &types.InvalidState{}
	}
	if fault := s.refuseFailoverHost(ref); fault != nil {
		return fault
	}
	vms := s.machinesOn(ref)
	s.leaveCluster(ctx, m.cluster, ref)
	cr := s.newResource(ctx, f, h)
	for _, vm := range vms {
		s.setPool(ctx, vm.ref, *cr.ResourcePool)
	}
	return nil
}

// moveStandalone moves a standalone host, which means its compute resource, to another folder.
func (s *Sim) moveStandalone(ctx *simulator.Context, f *simulator.Folder, h *simulator.HostSystem) types.BaseMethodFault {
	var parent types.ManagedObjectReference
	ctx.WithLock(h, func() { parent = *h.Parent })
	cr, ok := ctx.Map.Get(parent).(*mo.ComputeResource)
	if !ok {
		return &types.NotSupported{}
	}
	var from types.ManagedObjectReference
	ctx.WithLock(cr, func() { from = *cr.Parent })
	if old, ok := ctx.Map.Get(from).(*simulator.Folder); ok {
		ctx.WithLock(old, func() {
			ctx.Update(old, []types.PropertyChange{{Name: "childEntity", Val: without(old.ChildEntity, parent)}})
		})
	}
	ctx.WithLock(f, func() {
		ctx.Update(f, []types.PropertyChange{{Name: "childEntity", Val: append(slices.Clone(f.ChildEntity), parent)}})
	})
	s.change(ctx, parent, types.PropertyChange{Name: "parent", Val: &f.Self})
	return nil
}
