package vc

import (
	"slices"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// resourcePool overrides what the simulator keeps only in part.
type resourcePool struct {
	*simulator.ResourcePool
	s *Sim
}

// asPool finds the resource pool in an object that is one; a vApp is a pool too.
func asPool(obj mo.Reference) *mo.ResourcePool {
	switch p := obj.(type) {
	case *simulator.ResourcePool:
		return &p.ResourcePool
	case *simulator.VirtualApp:
		return &p.ResourcePool
	}
	return nil
}

// Shares of a pool by level: those of a machine with 4 virtual CPUs and 16 GB (vSphere Resource Management, "Resource
// Allocation Shares" and "Create a Resource Pool").
var (
	cpuShares    = map[types.SharesLevel]int32{types.SharesLevelLow: 2000, types.SharesLevelNormal: 4000, types.SharesLevelHigh: 8000}
	memoryShares = map[types.SharesLevel]int32{types.SharesLevelLow: 81920, types.SharesLevelNormal: 163840, types.SharesLevelHigh: 327680}
)

// allocate lays an allocation over another; only custom shares have a number of their own.
func allocate(own *types.ResourceAllocationInfo, spec types.ResourceAllocationInfo, shares map[types.SharesLevel]int32) bool {
	if spec.Reservation != nil && *spec.Reservation < 0 || spec.Limit != nil && *spec.Limit < -1 {
		return false
	}
	merge(own, &spec)
	if own.Limit != nil && *own.Limit >= 0 && own.Reservation != nil && *own.Reservation > *own.Limit {
		return false
	}
	if own.Shares != nil {
		if n, ok := shares[own.Shares.Level]; ok {
			own.Shares.Shares = n
		}
	}
	return true
}

// applyPool lays a specification over a pool's configuration.
func applyPool(own *types.ResourceConfigSpec, spec types.ResourceConfigSpec) types.BaseMethodFault {
	spec = clone(spec)
	if !allocate(&own.CpuAllocation, spec.CpuAllocation, cpuShares) {
		return &types.InvalidArgument{InvalidProperty: "config.cpuAllocation"}
	}
	if !allocate(&own.MemoryAllocation, spec.MemoryAllocation, memoryShares) {
		return &types.InvalidArgument{InvalidProperty: "config.memoryAllocation"}
	}
	if spec.ScaleDescendantsShares != "" {
		own.ScaleDescendantsShares = spec.ScaleDescendantsShares
	}
	own.ChangeVersion = uuid.NewString()
	return nil
}

func (p *resourcePool) CreateResourcePool(ctx *simulator.Context, req *types.CreateResourcePool) soap.HasFault {
	own := req.Spec
	if fault := applyPool(&own, req.Spec); fault != nil {
		return &methods.CreateResourcePoolBody{Fault_: simulator.Fault("", fault)}
	}
	req.Spec = own
	return p.ResourcePool.CreateResourcePool(ctx, req)
}

// UpdateConfig changes a pool's name and configuration.
func (p *resourcePool) UpdateConfig(ctx *simulator.Context, req *types.UpdateConfig) soap.HasFault {
	if fault := p.s.updatePool(ctx, p.Self, req.Name, req.Config); fault != nil {
		return &methods.UpdateConfigBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.UpdateConfigBody{Res: &types.UpdateConfigResponse{}}
}

func (s *Sim) updatePool(ctx *simulator.Context, ref types.ManagedObjectReference, name string, spec *types.ResourceConfigSpec) (fault types.BaseMethodFault) {
	obj := ctx.Map.Get(ref)
	p := asPool(obj)
	if p == nil {
		return &types.ManagedObjectNotFound{Obj: ref}
	}
	if name != "" {
		if fault := s.siblingNamed(ctx, p.Parent, ref, name); fault != nil {
			return fault
		}
	}
	ctx.WithLock(obj, func() {
		var changes []types.PropertyChange
		if name != "" {
			changes = append(changes, types.PropertyChange{Name: "name", Val: name})
		}
		if spec != nil {
			own := clone(p.Config)
			if fault = applyPool(&own, *spec); fault != nil {
				return
			}
			changes = append(changes, types.PropertyChange{Name: "config", Val: own})
		}
		if sum := clone(p.Summary); sum != nil {
			set(&sum.GetResourcePoolSummary().Name, name)
			changes = append(changes, types.PropertyChange{Name: "summary", Val: sum})
		}
		ctx.Update(obj, changes)
	})
	return fault
}

func (p *resourcePool) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return p.s.rename(ctx, p.Self, req.NewName)
}

// poolMove answers MoveIntoResourcePool in place of the pool: the simulator holds the lock of what answers, and machines
// that change pools have theirs taken first.
type poolMove struct {
	anchor
	s    *Sim
	pool types.ManagedObjectReference
}

// MoveIntoResourcePool moves machines and pools of the same cluster into the pool.
func (p *poolMove) MoveIntoResourcePool(ctx *simulator.Context, req *types.MoveIntoResourcePool) soap.HasFault {
	for _, ref := range req.List {
		if fault := p.s.moveIntoPool(ctx, p.pool, ref); fault != nil {
			return &methods.MoveIntoResourcePoolBody{Fault_: simulator.Fault("", fault)}
		}
	}
	return &methods.MoveIntoResourcePoolBody{Res: &types.MoveIntoResourcePoolResponse{}}
}

func (s *Sim) moveIntoPool(ctx *simulator.Context, to, ref types.ManagedObjectReference) types.BaseMethodFault {
	target := asPool(ctx.Map.Get(to))
	if target == nil {
		return &types.ManagedObjectNotFound{Obj: to}
	}
	switch obj := ctx.Map.Get(ref).(type) {
	case *simulator.VirtualMachine:
		var from types.ManagedObjectReference
		ctx.WithLock(obj, func() {
			if obj.ResourcePool != nil {
				from = *obj.ResourcePool
			}
		})
		if pool := asPool(ctx.Map.Get(from)); pool == nil || pool.Owner != target.Owner {
			return &types.InvalidArgument{InvalidProperty: "list"} // machines change hosts by migration
		}
		s.setPool(ctx, ref, to)
	case *simulator.ResourcePool, *simulator.VirtualApp:
		return s.movePool(ctx, obj, to)
	default:
		return &types.ManagedObjectNotFound{Obj: ref}
	}
	return nil
}

func (s *Sim) movePool(ctx *simulator.Context, obj mo.Reference, to types.ManagedObjectReference) types.BaseMethodFault {
	p, target, ref := asPool(obj), asPool(ctx.Map.Get(to)), obj.Reference()
	if p.Parent == nil || asPool(ctx.Map.Get(*p.Parent)) == nil || p.Owner != target.Owner || within(ctx, to, ref) {
		return &types.InvalidArgument{InvalidProperty: "list"} // a root pool, another cluster's, or one above the target
	}
	from := *p.Parent
	if from == to {
		return nil
	}
	if fault := s.siblingNamed(ctx, &to, ref, p.Name); fault != nil {
		return fault
	}
	s.changePools(ctx, from, func(list []types.ManagedObjectReference) []types.ManagedObjectReference { return without(list, ref) })
	s.changePools(ctx, to, func(list []types.ManagedObjectReference) []types.ManagedObjectReference { return append(list, ref) })
	s.change(ctx, ref, types.PropertyChange{Name: "parent", Val: &to})
	return nil
}

// changePools changes which pools a pool consists of.
func (s *Sim) changePools(ctx *simulator.Context, ref types.ManagedObjectReference, change func([]types.ManagedObjectReference) []types.ManagedObjectReference) {
	obj := ctx.Map.Get(ref)
	p := asPool(obj)
	if p == nil {
		return
	}
	ctx.WithLock(obj, func() {
		pools := change(slices.Clone(p.ResourcePool))
		if _, ok := obj.(*simulator.VirtualApp); ok {
			p.ResourcePool = pools // the simulator would take the name for that of the embedded pool
			return
		}
		ctx.Update(obj, []types.PropertyChange{{Name: "resourcePool", Val: pools}})
	})
}

// DestroyTask removes a pool; what it holds becomes its parent's.
func (p *resourcePool) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	ref := p.Self
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		return nil, p.s.removePool(ctx, ref)
	}
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: p.s.task(ctx, ref, "destroy", run)}}
}

func (s *Sim) removePool(ctx *simulator.Context, ref types.ManagedObjectReference) types.BaseMethodFault {
	obj := ctx.Map.Get(ref)
	p := asPool(obj)
	if p == nil {
		return &types.ManagedObjectNotFound{Obj: ref}
	}
	if p.Parent == nil || asPool(ctx.Map.Get(*p.Parent)) == nil {
		return &types.InvalidArgument{InvalidProperty: "this"} // the root pool goes with its owner
	}
	parent := *p.Parent
	var vms, pools []types.ManagedObjectReference
	ctx.WithLock(obj, func() { vms, pools = slices.Clone(p.Vm), slices.Clone(p.ResourcePool) })
	for _, vm := range vms {
		s.setPool(ctx, vm, parent)
	}
	for _, child := range pools {
		s.change(ctx, child, types.PropertyChange{Name: "parent", Val: &parent})
	}
	s.changePools(ctx, parent, func(list []types.ManagedObjectReference) []types.ManagedObjectReference {
		return append(without(list, ref), pools...)
	})
	ctx.Map.Remove(ctx, ref)
	return nil
}
