package vc

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// placements are the recommendations of Storage DRS that nobody has applied yet. Only so many are kept: clients ask for some
// that they never apply.
type placements struct {
	mu   sync.Mutex
	next int
	kept map[string]storagePlacement
}

const maxPlacements = 1000

// storagePlacement is an order of a client and the datastore that was recommended for it.
type storagePlacement struct {
	spec      types.StoragePlacementSpec
	datastore types.ManagedObjectReference
	name      string
}

func (p *placements) keep(placement storagePlacement) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil {
		p.kept = map[string]storagePlacement{}
	}
	p.next++
	key := strconv.Itoa(p.next)
	p.kept[key] = placement
	delete(p.kept, strconv.Itoa(p.next-maxPlacements))
	return key
}

func (p *placements) take(key string) (storagePlacement, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	placement, ok := p.kept[key]
	delete(p.kept, key)
	return placement, ok
}

// RecommendDatastores recommends the members of a datastore cluster that can take the machine, the one with the most free
// space first. Placement by load and the rules of the datastore cluster are not imitated.
func (m *storageManager) RecommendDatastores(ctx *simulator.Context, req *types.RecommendDatastores) soap.HasFault {
	spec := req.StorageSpec
	pod, property := m.podOf(ctx, &spec)
	if property == "" {
		property = lacking(&spec)
	}
	if property != "" {
		return &methods.RecommendDatastoresBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: property})}
	}
	var result types.StoragePlacementResult
	for _, member := range m.candidates(ctx, pod, poolOf(&spec)) {
		ds := member.ref
		key := m.s.placements.keep(storagePlacement{clone(spec), ds, member.name})
		result.Recommendations = append(result.Recommendations, types.ClusterRecommendation{
			Key: key, Type: "V1", Time: time.Now(), Rating: 1, Reason: "storagePlacement", Target: &pod.Self,
			ReasonText: "Satisfy storage initial placement requests",
			Action: []types.BaseClusterAction{&types.StoragePlacementAction{
				ClusterAction: types.ClusterAction{Type: "StoragePlacementV1"}, Vm: spec.Vm, Destination: ds,
				RelocateSpec: types.VirtualMachineRelocateSpec{Datastore: &ds},
			}},
		})
	}
	return &methods.RecommendDatastoresBody{Res: &types.RecommendDatastoresResponse{Returnval: result}}
}

// podOf is the datastore cluster that a client chose, for the machine or for its disks; or the property that is wrong.
func (m *storageManager) podOf(ctx *simulator.Context, spec *types.StoragePlacementSpec) (*simulator.StoragePod, string) {
	chosen := spec.PodSelectionSpec.StoragePod
	for _, c := range spec.PodSelectionSpec.InitialVmConfig {
		if chosen == nil {
			chosen = &c.StoragePod
		}
	}
	if chosen == nil {
		return nil, "storageSpec.podSelectionSpec.storagePod"
	}
	pod, ok := ctx.Map.Get(*chosen).(*simulator.StoragePod)
	enabled := false
	if ok {
		ctx.WithLock(pod, func() { enabled = pod.PodStorageDrsEntry.StorageDrsConfig.PodConfig.Enabled })
	}
	if !enabled {
		return nil, "storageSpec.podSelectionSpec.storagePod"
	}
	return pod, ""
}

// lacking names what an order lacks (API reference, StoragePlacementSpec).
func lacking(spec *types.StoragePlacementSpec) string {
	kinds := map[types.StoragePlacementSpecPlacementType]map[string]bool{
		types.StoragePlacementSpecPlacementTypeCreate: {
			"resourcePool": spec.ResourcePool != nil, "configSpec": spec.ConfigSpec != nil, "folder": spec.Folder != nil,
		},
		types.StoragePlacementSpecPlacementTypeClone: {
			"vm": spec.Vm != nil, "folder": spec.Folder != nil, "cloneName": spec.CloneName != "", "cloneSpec": spec.CloneSpec != nil,
		},
		types.StoragePlacementSpecPlacementTypeRelocate:    {"vm": spec.Vm != nil, "relocateSpec": spec.RelocateSpec != nil},
		types.StoragePlacementSpecPlacementTypeReconfigure: {"vm": spec.Vm != nil, "configSpec": spec.ConfigSpec != nil},
	}
	needs, known := kinds[types.StoragePlacementSpecPlacementType(spec.Type)]
	if !known {
		return "storageSpec.type"
	}
	for property, there := range needs {
		if !there {
			return "storageSpec." + property
		}
	}
	return ""
}

func poolOf(spec *types.StoragePlacementSpec) *types.ManagedObjectReference {
	switch {
	case spec.ResourcePool != nil:
		return spec.ResourcePool
	case spec.CloneSpec != nil:
		return spec.CloneSpec.Location.Pool
	}
	return nil
}

// member is a datastore of a datastore cluster.
type member struct {
	ref        types.ManagedObjectReference
	name, mode string
	free       int64
}

// candidates are the members that a host of the pool reaches, or any members where the order names no pool.
func (m *storageManager) candidates(ctx *simulator.Context, pod *simulator.StoragePod, pool *types.ManagedObjectReference) (fit []member) {
	var members, hosts []types.ManagedObjectReference
	ctx.WithLock(pod, func() { members = slices.Clone(pod.ChildEntity) })
	if pool != nil {
		hosts, _ = m.s.poolHosts(ctx, exact(*pool))
	}
	for _, ref := range members {
		ds, ok := ctx.Map.Get(ref).(*simulator.Datastore)
		if !ok {
			continue
		}
		d := member{ref: ref}
		ctx.WithLock(ds, func() { d.name, d.mode, d.free = ds.Name, ds.Summary.MaintenanceMode, ds.Summary.FreeSpace })
		reached := pool == nil || slices.ContainsFunc(hosts, func(h types.ManagedObjectReference) bool { return m.s.hasDatastore(ctx, h, d.name) })
		if reached && (d.mode == "" || d.mode == string(types.DatastoreSummaryMaintenanceModeStateNormal)) {
			fit = append(fit, d)
		}
	}
	slices.SortStableFunc(fit, func(a, b member) int { return cmp.Compare(b.free, a.free) })
	return fit
}

// ApplyStorageDrsRecommendationTask carries recommendations out, with the privileges of whoever applies them.
func (m *storageManager) ApplyStorageDrsRecommendationTask(ctx *simulator.Context, req *types.ApplyStorageDrsRecommendation_Task) soap.HasFault {
	body := &methods.ApplyStorageDrsRecommendation_TaskBody{}
	var orders []simulator.Method
	for _, key := range req.Key {
		placement, ok := m.s.placements.take(key)
		if !ok {
			body.Fault_ = simulator.Fault("", &types.InvalidArgument{InvalidProperty: "key"})
			return body
		}
		order := placement.order()
		if fault := m.s.authorize(ctx, &order); fault != nil {
			body.Fault_ = simulator.Fault("", fault)
			return body
		}
		orders = append(orders, order)
	}
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		result := types.ApplyStorageRecommendationResult{}
		for _, o := range orders {
			made, fault := m.s.carryOut(ctx, o)
			if fault != nil {
				return nil, fault
			}
			if vm, ok := made.(types.ManagedObjectReference); ok {
				result.Vm = &vm
			}
		}
		return result, nil
	}
	body.Res = &types.ApplyStorageDrsRecommendation_TaskResponse{Returnval: m.s.task(ctx, m.Self, "applyRecommendation", run)}
	return body
}

// order is the call that a recommendation stands for.
func (p storagePlacement) order() simulator.Method {
	spec := p.spec
	settle := func(r *types.VirtualMachineRelocateSpec) {
		r.Datastore = &p.datastore
		for i := range r.Disk {
			if r.Disk[i].Datastore.Type != "Datastore" {
				r.Disk[i].Datastore = p.datastore
			}
		}
	}
	switch types.StoragePlacementSpecPlacementType(spec.Type) {
	case types.StoragePlacementSpecPlacementTypeCreate:
		spec.ConfigSpec.Files = &types.VirtualMachineFileInfo{VmPathName: fmt.Sprintf("[%s]", p.name)}
		return simulator.Method{Name: "CreateVM_Task", This: *spec.Folder, Body: &types.CreateVM_Task{
			This: *spec.Folder, Config: *spec.ConfigSpec, Pool: *spec.ResourcePool, Host: spec.Host,
		}}
	case types.StoragePlacementSpecPlacementTypeClone:
		settle(&spec.CloneSpec.Location)
		return simulator.Method{Name: "CloneVM_Task", This: *spec.Vm, Body: &types.CloneVM_Task{
			This: *spec.Vm, Folder: *spec.Folder, Name: spec.CloneName, Spec: *spec.CloneSpec,
		}}
	case types.StoragePlacementSpecPlacementTypeRelocate:
		settle(spec.RelocateSpec)
		return simulator.Method{Name: "RelocateVM_Task", This: *spec.Vm, Body: &types.RelocateVM_Task{
			This: *spec.Vm, Spec: *spec.RelocateSpec, Priority: spec.Priority,
		}}
	default:
		placeDisks(spec.ConfigSpec.DeviceChange, p.datastore, p.name)
		return simulator.Method{Name: "ReconfigVM_Task", This: *spec.Vm, Body: &types.ReconfigVM_Task{This: *spec.Vm, Spec: *spec.ConfigSpec}}
	}
}

// placeDisks gives new disks the datastore.
func placeDisks(changes []types.BaseVirtualDeviceConfigSpec, ref types.ManagedObjectReference, name string) {
	for _, c := range changes {
		change := c.GetVirtualDeviceConfigSpec()
		if disk, ok := change.Device.(*types.VirtualDisk); ok && change.FileOperation == types.VirtualDeviceConfigSpecFileOperationCreate {
			if b, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
				file := b.GetVirtualDeviceFileBackingInfo()
				file.Datastore, file.FileName = &ref, fmt.Sprintf("[%s]", name)
			}
		}
	}
}

// carryOut makes the call and waits for its task.
func (s *Sim) carryOut(ctx *simulator.Context, order simulator.Method) (types.AnyType, types.BaseMethodFault) {
	var task types.ManagedObjectReference
	var err error
	switch body := order.Body.(type) {
	case *types.CreateVM_Task:
		var res *types.CreateVM_TaskResponse
		if res, err = methods.CreateVM_Task(s.life, s.client, body); err == nil {
			task = res.Returnval
		}
	case *types.CloneVM_Task:
		var res *types.CloneVM_TaskResponse
		if res, err = methods.CloneVM_Task(s.life, s.client, body); err == nil {
			task = res.Returnval
		}
	case *types.RelocateVM_Task:
		var res *types.RelocateVM_TaskResponse
		if res, err = methods.RelocateVM_Task(s.life, s.client, body); err == nil {
			task = res.Returnval
		}
	case *types.ReconfigVM_Task:
		var res *types.ReconfigVM_TaskResponse
		if res, err = methods.ReconfigVM_Task(s.life, s.client, body); err == nil {
			task = res.Returnval
		}
	}
	if err != nil {
		return nil, &types.ManagedObjectNotFound{Obj: order.This} // every other fault is the task's
	}
	return await(ctx, task)
}
