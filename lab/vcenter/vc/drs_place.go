package vc

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/drs"
	"vsphere-ha/lab/vcenter/placement"
)

// RecommendHostsForVm lists the hosts that a machine may start on or move to, best first.
func (c *clusterResource) RecommendHostsForVm(ctx *simulator.Context, req *types.RecommendHostsForVm) soap.HasFault {
	body := &methods.RecommendHostsForVmBody{Res: &types.RecommendHostsForVmResponse{}}
	if _, ok := c.s.machine(req.Vm); !ok {
		return &methods.RecommendHostsForVmBody{Fault_: fault(&types.ManagedObjectNotFound{Obj: req.Vm})}
	}
	list, _ := c.s.drsCandidates(ctx, req.Vm, c.s.clusterHosts(c.Self))
	for i, x := range list {
		body.Res.Returnval = append(body.Res.Returnval, types.ClusterHostRecommendation{Host: hostRef(x.Host.ID), Rating: int32(max(1, 5-i))})
	}
	return body
}

// PlaceVm says where DRS would put a machine that is to be made, cloned or moved. The simulator's own choice is random.
func (c *clusterResource) PlaceVm(ctx *simulator.Context, req *types.PlaceVm) soap.HasFault {
	spec := &req.PlacementSpec
	fail := func(f types.BaseMethodFault) soap.HasFault { return &methods.PlaceVmBody{Fault_: fault(f)} }
	if spec.Vm != nil {
		if _, ok := c.s.machine(*spec.Vm); !ok {
			return fail(&types.ManagedObjectNotFound{Obj: *spec.Vm})
		}
	}
	kind := types.PlacementSpecPlacementType(spec.PlacementType)
	switch {
	case kind == types.PlacementSpecPlacementTypeReconfigure && spec.Vm != nil,
		kind == types.PlacementSpecPlacementTypeRelocate && spec.RelocateSpec != nil && spec.RelocateSpec.Host != nil:
		return c.ClusterComputeResource.PlaceVm(ctx, req)
	case spec.Vm == nil && (spec.ConfigSpec == nil || kind != types.PlacementSpecPlacementTypeCreate):
		return fail(&types.InvalidArgument{InvalidProperty: "placementSpec"})
	}
	target, store, f := c.s.placeSpec(ctx, c.Self, spec)
	if f != nil {
		return fail(f)
	}
	pool := c.ResourcePool
	r := types.ClusterRecommendation{
		Key: "1", Type: "V1", Time: time.Now(), Rating: 5, Reason: string(types.RecommendationReasonCodeXvmotionPlacement), ReasonText: "Placement",
		Target: &c.Self,
		Action: []types.BaseClusterAction{&types.PlacementAction{
			ClusterAction: types.ClusterAction{Type: "PlacementV1", Target: spec.Vm}, Vm: spec.Vm, TargetHost: &target,
			RelocateSpec: &types.VirtualMachineRelocateSpec{Host: &target, Datastore: store, Pool: pool},
		}},
	}
	return &methods.PlaceVmBody{Res: &types.PlaceVmResponse{Returnval: types.PlacementResult{Recommendations: []types.ClusterRecommendation{r}}}}
}

func (s *Sim) placeSpec(ctx *simulator.Context, cluster types.ManagedObjectReference, spec *types.PlacementSpec) (types.ManagedObjectReference, *types.ManagedObjectReference, types.BaseMethodFault) {
	members := s.clusterHosts(cluster)
	if len(spec.Hosts) > 0 {
		members = slices.DeleteFunc(members, func(h managedHost) bool { return !slices.Contains(spec.Hosts, h.ref) })
	}
	m := drs.Machine{}
	if spec.Vm != nil {
		known, _ := s.machine(*spec.Vm)
		m.VM, _ = s.placementVM(ctx, *spec.Vm)
		m.MemoryMB = int64(known.memoryMB)
		m.Datastores = nil // it may get another
	} else {
		m.MemoryMB = spec.ConfigSpec.MemoryMB
	}
	look := s.drsLook(ctx, s.settings(cluster), members)
	list, why := look.Candidates(m)
	for _, x := range list {
		if store := s.roomiest(ctx, x.Host.Datastores, spec.Datastores); store != nil {
			return hostRef(x.Host.ID), store, nil
		}
	}
	vm := types.ManagedObjectReference{}
	if spec.Vm != nil {
		vm = *spec.Vm
	}
	return types.ManagedObjectReference{}, nil, s.incompatible(ctx, s.settings(cluster), vm, why)
}

// roomiest is the datastore with the most free space, of those that a client allows if it names some.
func (s *Sim) roomiest(ctx *simulator.Context, mounted placement.Set, allowed []types.ManagedObjectReference) *types.ManagedObjectReference {
	var best *types.ManagedObjectReference
	most := int64(-1)
	for id := range mounted {
		ref := types.ManagedObjectReference{Type: "Datastore", Value: id}
		ds, ok := ctx.Map.Get(ref).(*simulator.Datastore)
		if !ok || len(allowed) > 0 && !slices.Contains(allowed, ref) {
			continue
		}
		var free int64
		ctx.WithLock(ds, func() { free = ds.Summary.FreeSpace })
		if free > most || free == most && compareRefs(ref, *best) < 0 {
			best, most = &ref, free
		}
	}
	return best
}

// ruleAgainst finds the mandatory rule that a machine would break on a host of a cluster with DRS.
func (s *Sim) ruleAgainst(ctx *simulator.Context, vm, host types.ManagedObjectReference) types.BaseMethodFault {
	h, ok := s.host(host)
	cfg := s.settings(h.cluster)
	if !ok || cfg == nil || len(cfg.Rule) == 0 || !isTrue(cfg.DrsConfig.Enabled) {
		return nil
	}
	look := s.drsLook(ctx, cfg, []managedHost{h})
	for _, other := range s.clusterHosts(h.cluster) {
		for _, m := range s.machinesOn(other.ref) {
			if m.on && m.ref != vm {
				look.Where[m.ref.Value] = other.ref.Value
			}
		}
	}
	look.Where[vm.Value] = host.Value
	for i := range look.Rules {
		r := &look.Rules[i]
		if r.Required && slices.Contains(r.VMs, vm.Value) && !drs.Kept(r, look.Where) {
			return s.obstacle(ctx, cfg, vm, h, placement.Obstacle{Lack: placement.BreaksRule, What: r.Name})
		}
	}
	return nil
}
