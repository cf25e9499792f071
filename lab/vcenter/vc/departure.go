package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// forgetMachines takes a host's machines out of the inventory with their host: "vCenter Server removes the host and the
// virtual machines associated with it from the inventory" (vCenter Server and Host Management, "Removing Hosts"). Unlike
// on a real host, they do not run on there.
func (s *Sim) forgetMachines(ctx *simulator.Context, host types.ManagedObjectReference) {
	for _, m := range s.machinesOn(host) {
		vm, ok := ctx.Map.Get(m.ref).(*simulator.VirtualMachine)
		if !ok {
			continue
		}
		var pool, folder *types.ManagedObjectReference
		var datastores []types.ManagedObjectReference
		ctx.WithLock(vm, func() {
			pool, folder, datastores = vm.ResourcePool, vm.Parent, slices.Clone(vm.Datastore)
			// Watchers see the guest stop before the machine goes.
			ctx.Update(vm, []types.PropertyChange{{Name: "runtime.powerState", Val: types.VirtualMachinePowerStatePoweredOff}})
		})
		s.post(&types.VmRemovedEvent{VmEvent: s.vmEvent(ctx, m)})
		s.dropVM(ctx, host, m.ref)
		if pool != nil {
			s.dropVM(ctx, *pool, m.ref)
		}
		for _, ds := range datastores {
			s.dropVM(ctx, ds, m.ref)
		}
		if folder != nil {
			s.removeChild(ctx, *folder, m.ref)
		} else {
			ctx.Map.Remove(ctx, m.ref)
		}
	}
}

// dropVM takes a machine off the list of an object that it belonged to.
func (s *Sim) dropVM(ctx *simulator.Context, ref, vm types.ManagedObjectReference) {
	obj := ctx.Map.Get(ref)
	if obj == nil {
		return
	}
	ctx.WithLock(obj, func() {
		var list []types.ManagedObjectReference
		switch o := obj.(type) {
		case *simulator.HostSystem:
			list = o.Vm
		case *simulator.Datastore:
			list = o.Vm
		default:
			p := asPool(obj)
			if p == nil {
				return
			}
			list = p.Vm
		}
		ctx.Update(obj, []types.PropertyChange{{Name: "vm", Val: without(list, vm)}})
	})
}

// removePools takes a pool and what lies below it out of the inventory.
func (s *Sim) removePools(ctx *simulator.Context, ref types.ManagedObjectReference) {
	obj := ctx.Map.Get(ref)
	if p := asPool(obj); p != nil {
		var children []types.ManagedObjectReference
		ctx.WithLock(obj, func() { children = slices.Clone(p.ResourcePool) })
		for _, child := range children {
			s.removePools(ctx, child)
		}
	}
	ctx.Map.Remove(ctx, ref)
}

// removeCluster removes a cluster with its hosts, and those with their machines.
func (s *Sim) removeCluster(ctx *simulator.Context, ref types.ManagedObjectReference) types.BaseMethodFault {
	r, obj := base(ctx, ref)
	if r == nil {
		return &types.ManagedObjectNotFound{Obj: ref}
	}
	event := s.clusterEvent(ctx, ref)
	s.mu.Lock()
	k := s.clusters[ref]
	delete(s.clusters, ref)
	s.mu.Unlock()
	if k != nil { // nothing that follows is a failure to react to
		k.ha.close()
		k.drs.close()
	}
	var members []types.ManagedObjectReference
	ctx.WithLock(obj, func() { members = slices.Clone(r.Host) })
	for _, host := range members {
		s.dropHost(ctx, host)
	}
	s.post(&types.ClusterDestroyedEvent{ClusterEvent: event})
	dc := datacenterOf(ctx, ref)
	s.removeResource(ctx, ref)
	ctx.Map.Remove(ctx, types.ManagedObjectReference{Type: "ClusterEVCManager", Value: "evc-" + ref.Value})
	s.dropSystemFolder(ctx, dc)
	return nil
}
