package vc

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// dispatch sees every call before the simulator does and names the object that answers it: one of ours, which embeds the
// simulator's and overrides some methods, or none for the simulator's own.
func (s *Sim) dispatch(ctx *simulator.Context, m *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if fault := refuse(ctx, m); fault != nil {
		return nil, fault
	}
	if fault := s.authorize(ctx, m); fault != nil {
		return nil, fault
	}
	switch body := m.Body.(type) {
	case *types.RetrieveProperties:
		nameExactly(body.SpecSet)
		expandTraversals(ctx, body.SpecSet)
	case *types.RetrievePropertiesEx:
		nameExactly(body.SpecSet)
		expandTraversals(ctx, body.SpecSet)
	case *types.CreateFilter:
		nameExactly([]types.PropertyFilterSpec{body.Spec})
		orderProperties(body.Spec.PropSet)
	}
	ref := m.This
	ref = exact(ref)
	known := ctx.Map.Get(ref)
	if known == nil && ctx.Session != nil {
		known = ctx.Session.Registry.Get(ref)
	}
	s.calls.note(ctx, m.Name)
	obj := s.wrap(known)
	if pc := s.collectorOf(ctx, m); pc != nil {
		obj = pc
	}
	if m.Name == "MoveIntoResourcePool" {
		obj = &poolMove{anchor: anchor{types.ManagedObjectReference{Type: ref.Type, Value: "moves-into-" + ref.Value}}, s: s, pool: ref}
	}
	if obj != nil {
		// The simulator prefers the session's view of an object to ours, unless it finds none by this name.
		m.This = types.ManagedObjectReference{Type: ref.Type, Value: overridden + ref.Value}
	}
	return obj, nil
}

// overridden marks the name of an object that one of ours answers for.
const overridden = "lab:"

func (s *Sim) wrap(obj mo.Reference) mo.Reference {
	switch o := obj.(type) {
	case *simulator.Folder:
		return &folder{o, s}
	case *simulator.Datacenter:
		return &datacenter{o, s}
	case *simulator.ClusterComputeResource:
		return &clusterResource{o, s}
	case *mo.ComputeResource:
		return &standaloneResource{o, s}
	case *simulator.HostSystem:
		return &hostSystem{o, s}
	case *simulator.HostDatastoreSystem:
		return &datastoreSystem{o, s}
	case *simulator.HostNetworkSystem:
		return &networkSystem{o, s}
	case *simulator.HostStorageSystem:
		return &storageSystem{o}
	case *simulator.Datastore:
		return &datastore{o, s}
	case *simulator.VirtualMachine:
		return &virtualMachine{o, s}
	case *simulator.VirtualMachineSnapshot:
		return &vmSnapshot{o, s}
	case *simulator.ResourcePool:
		return &resourcePool{o, s}
	case *simulator.VirtualApp:
		return &vApp{o, s}
	case *simulator.EventHistoryCollector:
		return &eventCollector{o}
	case *simulator.TaskHistoryCollector:
		return &taskCollector{o}
	case *simulator.EnvironmentBrowser:
		return &environment{o}
	case *simulator.VirtualDiskManager:
		return &diskManager{o, s}
	case *simulator.StoragePod:
		return &storagePod{o, s}
	case *simulator.StorageResourceManager:
		return &storageManager{o, s}
	case *simulator.SessionManager:
		return &sessionManager{o, s}
	case *simulator.AuthorizationManager:
		return &authorizationManager{o, s}
	case *simulator.DistributedVirtualSwitch:
		return &distributedSwitch{o, s}
	case *simulator.DistributedVirtualPortgroup:
		return &distributedPortgroup{o, s}
	case *simulator.DistributedVirtualSwitchManager:
		return &switchManager{o, s}
	case *simulator.HostDatastoreBrowser:
		return &browser{o, s}
	case *simulator.PerformanceManager:
		return &performanceManager{o, s}
	case *simulator.GuestProcessManager:
		return &guestProcessManager{o, s}
	}
	return nil
}

// refuse stops calls that need a session, and ways to log in that the lab has no means to verify.
func refuse(ctx *simulator.Context, m *simulator.Method) types.BaseMethodFault {
	switch m.Name {
	case "LoginByToken", "LoginExtensionByCertificate":
		return new(types.InvalidLogin)
	case "RetrieveProperties", "RetrievePropertiesEx", "Fetch":
		if ctx.Session == nil && m.This.Type == "PropertyCollector" {
			return &types.NotAuthenticated{NoPermission: types.NoPermission{Object: &vim25.ServiceInstance, PrivilegeId: "System.View"}}
		}
	}
	return nil
}

// orderProperties lets a filter report an object's properties by name, as vCenter does: clients that wait for several
// take them in one after the other (seen with the provider, which wants the gateway before the addresses).
func orderProperties(set []types.PropertySpec) {
	for i := range set {
		slices.Sort(set[i].PathSet)
	}
}

func isCluster(value string) bool { return strings.HasPrefix(value, "domain-c") }

// exact is a reference with the type that the object has, where a client names it by its base type: a cluster is a compute
// resource, a vApp is a resource pool.
func exact(ref types.ManagedObjectReference) types.ManagedObjectReference {
	switch {
	case ref.Type == "ComputeResource" && isCluster(ref.Value):
		ref.Type = "ClusterComputeResource"
	case ref.Type == "ResourcePool" && strings.HasPrefix(ref.Value, "resgroup-v"):
		ref.Type = "VirtualApp"
	}
	return ref
}

// nameExactly lets a client that knows an object by its base type find it, as vCenter does.
func nameExactly(set []types.PropertyFilterSpec) {
	for i := range set {
		for j := range set[i].ObjectSet {
			set[i].ObjectSet[j].Obj = exact(set[i].ObjectSet[j].Obj)
		}
	}
}
