package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// standaloneResource is the compute resource of a host outside clusters.
type standaloneResource struct {
	*mo.ComputeResource
	s *Sim
}

// DestroyTask takes the host and its compute resource out of the inventory.
func (r *standaloneResource) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	ref, hosts := r.Self, slices.Clone(r.Host)
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		for _, h := range hosts {
			if fault := r.s.removeHost(ctx, h); fault != nil {
				return nil, fault
			}
		}
		return nil, nil
	}
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: r.s.task(ctx, ref, "destroy", run)}}
}

// base is the part that standalone and clustered compute resources share.
func base(ctx *simulator.Context, ref types.ManagedObjectReference) (*mo.ComputeResource, mo.Reference) {
	switch r := ctx.Map.Get(ref).(type) {
	case *mo.ComputeResource:
		return r, r
	case *simulator.ClusterComputeResource:
		return &r.ComputeResource, r
	}
	return nil, nil
}

// refreshResource recomputes what a compute resource says of its hosts: capacity, datastores and networks.
func (s *Sim) refreshResource(ctx *simulator.Context, ref types.ManagedObjectReference) {
	r, obj := base(ctx, ref)
	if r == nil {
		return
	}
	var members []types.ManagedObjectReference
	ctx.WithLock(obj, func() { members = slices.Clone(r.Host) })
	sum := types.ComputeResourceSummary{OverallStatus: types.ManagedEntityStatusGreen}
	var datastores, networks []types.ManagedObjectReference
	for _, m := range members {
		h, ok := ctx.Map.Get(m).(*simulator.HostSystem)
		if !ok {
			continue
		}
		ctx.WithLock(h, func() {
			addCapacity(&sum, &h.HostSystem)
			datastores, networks = union(datastores, h.Datastore), union(networks, h.Network)
		})
	}
	s.change(ctx, ref,
		types.PropertyChange{Name: "summary", Val: s.summaryOf(ref, sum)},
		types.PropertyChange{Name: "datastore", Val: datastores},
		types.PropertyChange{Name: "network", Val: networks})
	s.setBrowserHosts(ctx, r.EnvironmentBrowser, members)
}

func (s *Sim) summaryOf(ref types.ManagedObjectReference, sum types.ComputeResourceSummary) types.BaseComputeResourceSummary {
	if ref.Type == "ClusterComputeResource" {
		var info types.BaseClusterDasAdmissionControlInfo
		if cfg := s.settings(ref); cfg != nil {
			info = s.admissionInfo(cfg, s.capacity(cfg, ref))
		}
		return &types.ClusterComputeResourceSummary{
			ComputeResourceSummary: sum, UsageSummary: new(types.ClusterUsageSummary), CurrentEVCModeKey: s.evcMode(ref),
			AdmissionControlInfo: info, CurrentFailoverLevel: failoverLevel(info),
		}
	}
	return &sum
}

func addCapacity(sum *types.ComputeResourceSummary, h *mo.HostSystem) {
	hw := h.Summary.Hardware
	mhz := hw.CpuMhz * int32(hw.NumCpuCores)
	sum.NumHosts++
	sum.TotalCpu += mhz
	sum.TotalMemory += hw.MemorySize
	sum.NumCpuCores += hw.NumCpuCores
	sum.NumCpuThreads += hw.NumCpuThreads
	if h.Runtime.ConnectionState == types.HostSystemConnectionStateConnected && !h.Runtime.InMaintenanceMode {
		sum.NumEffectiveHosts++
		sum.EffectiveCpu += mhz
		sum.EffectiveMemory += hw.MemorySize >> 20
	}
}

func union(a, b []types.ManagedObjectReference) []types.ManagedObjectReference {
	for _, r := range b {
		if !slices.Contains(a, r) {
			a = append(a, r)
		}
	}
	return a
}

func without(a []types.ManagedObjectReference, r types.ManagedObjectReference) []types.ManagedObjectReference {
	return slices.DeleteFunc(slices.Clone(a), func(x types.ManagedObjectReference) bool { return x == r })
}

// removeResource takes a standalone host's compute resource, its pool and its browser out of the inventory.
func (s *Sim) removeResource(ctx *simulator.Context, ref types.ManagedObjectReference) {
	r, obj := base(ctx, ref)
	if r == nil {
		return
	}
	var parent, browser, pool types.ManagedObjectReference
	ctx.WithLock(obj, func() { parent, browser, pool = *r.Parent, *r.EnvironmentBrowser, *r.ResourcePool })
	s.removeChild(ctx, parent, ref)
	s.removePools(ctx, pool)
	ctx.Map.Remove(ctx, browser)
}

// removeChild takes an object out of its folder and out of the inventory.
func (s *Sim) removeChild(ctx *simulator.Context, parent, child types.ManagedObjectReference) {
	s.changeChildren(ctx, parent, func(list []types.ManagedObjectReference) []types.ManagedObjectReference { return without(list, child) })
	ctx.Map.Remove(ctx, child)
}

// setBrowserHosts tells the environment browser which hosts support which virtual hardware.
func (s *Sim) setBrowserHosts(ctx *simulator.Context, ref *types.ManagedObjectReference, hosts []types.ManagedObjectReference) {
	if ref == nil {
		return
	}
	b, ok := ctx.Map.Get(*ref).(*simulator.EnvironmentBrowser)
	if !ok {
		return
	}
	var list []types.VirtualMachineConfigOptionDescriptor
	for _, v := range types.GetHardwareVersions() {
		list = append(list, types.VirtualMachineConfigOptionDescriptor{
			Key: v.String(), Description: v.String(), Host: slices.Clone(hosts), DefaultConfigOption: v == newestHardware,
			CreateSupported: true, RunSupported: true, UpgradeSupported: true,
		})
		if v == newestHardware {
			break
		}
	}
	ctx.WithLock(b, func() { b.QueryConfigOptionDescriptorResponse.Returnval = list })
}

// newResource makes a standalone compute resource around a host that left its cluster.
func (s *Sim) newResource(ctx *simulator.Context, f *simulator.Folder, h *simulator.HostSystem) *mo.ComputeResource {
	browser := ctx.Map.Put(&simulator.EnvironmentBrowser{}).Reference()
	pool := simulator.NewResourcePool(ctx)
	cr := &mo.ComputeResource{
		ConfigurationEx:    &types.ComputeResourceConfigInfo{VmSwapPlacement: string(types.VirtualMachineConfigInfoSwapPlacementTypeVmDirectory)},
		Summary:            &types.ComputeResourceSummary{},
		EnvironmentBrowser: &browser,
		Host:               []types.ManagedObjectReference{h.Self},
	}
	cr.Name = h.Name
	ctx.Map.NewEntity(cr)
	ctx.Map.PutEntity(cr, ctx.Map.NewEntity(pool))
	pool.Owner = cr.Self
	cr.ResourcePool = &pool.Self
	ctx.Map.PutEntity(f, cr)
	ctx.WithLock(f, func() {
		ctx.Update(f, []types.PropertyChange{{Name: "childEntity", Val: append(slices.Clone(f.ChildEntity), cr.Self)}})
	})
	s.change(ctx, h.Self, types.PropertyChange{Name: "parent", Val: &cr.Self})
	s.refreshResource(ctx, cr.Self)
	return cr
}
