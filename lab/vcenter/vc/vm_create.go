package vc

import (
	"cmp"
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/hardware"
)

type virtualMachine struct {
	*simulator.VirtualMachine
	s *Sim
}

// CreateVMTask chooses a host where the client names none.
func (f *folder) CreateVMTask(ctx *simulator.Context, req *types.CreateVM_Task) soap.HasFault {
	fail := func(fault types.BaseMethodFault) soap.HasFault {
		return &methods.CreateVM_TaskBody{Res: &types.CreateVM_TaskResponse{Returnval: f.s.failed(ctx, f.Self, "createVm", fault)}}
	}
	var path object.DatastorePath
	if req.Config.Files == nil || !path.FromString(req.Config.Files.VmPathName) {
		return fail(&types.InvalidVmConfig{Property: "configSpec.files.vmPathName"})
	}
	req.Pool = exact(req.Pool)
	host, fault := f.s.chooseHost(ctx, req.Pool, req.Host, path.Datastore, demandOf(&req.Config))
	if fault != nil {
		return fail(fault)
	}
	req.Host = &host
	if fault := f.s.knownPolicies(&req.Config); fault != nil {
		return fail(fault)
	}
	if fault := f.s.settleNew(ctx, f.Folder, &req.Config); fault != nil {
		return fail(fault)
	}
	f.s.policies.assignConfig(req.Config.InstanceUuid, &req.Config)
	return f.Folder.CreateVMTask(ctx, req)
}

// checkNetworks finds adapters on networks that are not in the datacenter.
func (s *Sim) checkNetworks(ctx *simulator.Context, at types.ManagedObjectReference, changes []types.BaseVirtualDeviceConfigSpec) types.BaseMethodFault {
	for _, c := range changes {
		spec := c.GetVirtualDeviceConfigSpec()
		if spec.Operation == types.VirtualDeviceConfigSpecOperationRemove {
			continue
		}
		if b, ok := spec.Device.GetVirtualDevice().Backing.(*types.VirtualEthernetCardNetworkBackingInfo); ok {
			if _, found := s.findNetwork(ctx, at, b.DeviceName); !found {
				return &types.InvalidDeviceBacking{InvalidDeviceSpec: types.InvalidDeviceSpec{
					InvalidVmConfig: types.InvalidVmConfig{Property: "deviceChange.device.backing.deviceName"},
				}}
			}
		}
	}
	return nil
}

// demand is what a virtual machine asks of a host: reservations in MHz and MB, and its configured memory.
type demand struct {
	cpu, memory int64
	memoryMB    int64
}

func demandOf(c *types.VirtualMachineConfigSpec) demand {
	return demand{cpu: reservation(c.CpuAllocation), memory: reservation(c.MemoryAllocation), memoryMB: c.MemoryMB}
}

// chooseHost finds the least loaded host of the pool's compute resource that has the datastore; wanted is taken if given.
func (s *Sim) chooseHost(ctx *simulator.Context, pool types.ManagedObjectReference, wanted *types.ManagedObjectReference, ds string, need demand) (types.ManagedObjectReference, types.BaseMethodFault) {
	none := types.ManagedObjectReference{}
	members, fault := s.poolHosts(ctx, pool)
	if fault != nil {
		return none, fault
	}
	if wanted != nil {
		if !slices.Contains(members, *wanted) {
			return none, &types.InvalidArgument{InvalidProperty: "host"}
		}
		members = []types.ManagedObjectReference{*wanted}
	}
	fit := slices.DeleteFunc(slices.Clone(members), func(r types.ManagedObjectReference) bool { return !s.hasDatastore(ctx, r, ds) })
	if len(fit) == 0 {
		return none, &types.InvalidDatastore{Name: ds}
	}
	best, ok := s.leastLoaded(fit, need)
	if !ok {
		return none, &types.NoCompatibleHost{}
	}
	return best, nil
}

func (s *Sim) poolHosts(ctx *simulator.Context, pool types.ManagedObjectReference) ([]types.ManagedObjectReference, types.BaseMethodFault) {
	var owner types.ManagedObjectReference
	switch p := ctx.Map.Get(pool).(type) {
	case *simulator.ResourcePool:
		ctx.WithLock(p, func() { owner = p.Owner })
	case *simulator.VirtualApp:
		ctx.WithLock(p, func() { owner = p.Owner })
	default:
		return nil, &types.ManagedObjectNotFound{Obj: pool}
	}
	r, obj := base(ctx, owner)
	if r == nil {
		return nil, &types.ManagedObjectNotFound{Obj: owner}
	}
	var members []types.ManagedObjectReference
	ctx.WithLock(obj, func() { members = slices.Clone(r.Host) })
	return members, nil
}

// hasDatastore tells whether a host mounts the datastore of a name and reaches it.
func (s *Sim) hasDatastore(ctx *simulator.Context, host types.ManagedObjectReference, name string) bool {
	h, ok := ctx.Map.Get(host).(*simulator.HostSystem)
	if !ok {
		return false
	}
	var list []types.ManagedObjectReference
	ctx.WithLock(h, func() { list = slices.Clone(h.Datastore) })
	ds := ctx.Map.FindByName(name, list)
	m, _ := s.host(host)
	return ds != nil && m.lost[ds.Reference()].state == hardware.Reached
}

// leastLoaded is where DRS would register a machine that does not exist yet: the usable host with the smallest share of its
// memory configured for the machines that it has, and of those the one with the fewest.
func (s *Sim) leastLoaded(hosts []types.ManagedObjectReference, need demand) (types.ManagedObjectReference, bool) {
	members := slices.DeleteFunc(s.managed(hosts), func(h managedHost) bool { return !h.usable() || s.isFailoverHost(h.cluster, h.ref) })
	memory, count := map[types.ManagedObjectReference]int64{}, map[types.ManagedObjectReference]int{}
	s.mu.Lock()
	for _, m := range s.vms {
		if !m.template && !m.system {
			memory[m.host] += int64(m.memoryMB)
			count[m.host]++
		}
	}
	s.mu.Unlock()
	share := func(h managedHost) float64 { return float64(memory[h.ref]+need.memoryMB) / float64(h.server.MemoryMB) }
	if len(members) == 0 {
		return types.ManagedObjectReference{}, false
	}
	return slices.MinFunc(members, func(a, b managedHost) int {
		return cmp.Or(cmp.Compare(share(a), share(b)), cmp.Compare(count[a.ref], count[b.ref]), compareRefs(a.ref, b.ref))
	}).ref, true
}

// usable tells whether virtual machines may be powered on here.
func (h *managedHost) usable() bool {
	return h.responding && !h.disconnected && !h.maintenance && h.leaving == 0
}

var _ mo.Reference = (*virtualMachine)(nil)
