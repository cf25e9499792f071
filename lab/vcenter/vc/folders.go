package vc

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// asFolder finds the folder in an object that is one; a datastore cluster is a folder too.
func asFolder(obj mo.Reference) *mo.Folder {
	switch f := obj.(type) {
	case *simulator.Folder:
		return &f.Folder
	case *simulator.StoragePod:
		return &f.StoragePod.Folder
	}
	return nil
}

// folderPrefix starts the identifiers of folders by what they hold: vCenter's convention, which clients match.
func folderPrefix(childType []string) string {
	for kind, prefix := range map[string]string{
		"VirtualMachine": "group-v", "ComputeResource": "group-h", "Datastore": "group-s", "Network": "group-n", "Datacenter": "group-d",
	} {
		if slices.Contains(childType, kind) {
			return prefix
		}
	}
	return "group-"
}

// CreateFolder makes a folder for the same kinds of objects. Special characters of the name are kept escaped (API
// reference, Folder.CreateFolder).
func (f *folder) CreateFolder(ctx *simulator.Context, req *types.CreateFolder) soap.HasFault {
	fail := func(fault types.BaseMethodFault) soap.HasFault {
		return &methods.CreateFolderBody{Fault_: simulator.Fault("", fault)}
	}
	if !slices.Contains(f.ChildType, "Folder") {
		return fail(&types.NotSupported{})
	}
	name := strings.NewReplacer("%", "%25", "/", "%2f", `\`, "%5c").Replace(req.Name)
	if strings.TrimSpace(name) == "" {
		return fail(&types.InvalidName{Name: req.Name})
	}
	if fault := f.s.nameTaken(ctx, f.Folder, name); fault != nil {
		return fail(fault)
	}
	child := &simulator.Folder{}
	child.Name, child.ChildType = name, slices.Clone(f.ChildType)
	ctx.Map.NewEntity(child)
	child.Self.Value = folderPrefix(child.ChildType) + strings.TrimPrefix(child.Self.Value, "group-")
	ctx.Map.PutEntity(f.Folder, child)
	f.s.addChild(ctx, f.Folder, child.Self)
	return &methods.CreateFolderBody{Res: &types.CreateFolderResponse{Returnval: child.Self}}
}

// MoveIntoFolderTask moves entities into the folder. A host leaves its cluster that way, which takes maintenance mode.
func (f *folder) MoveIntoFolderTask(ctx *simulator.Context, req *types.MoveIntoFolder_Task) soap.HasFault {
	return f.s.moveIntoFolder(ctx, f.Folder, req.List)
}

// MoveIntoFolderTask makes datastores members of the datastore cluster.
func (p *storagePod) MoveIntoFolderTask(ctx *simulator.Context, req *types.MoveIntoFolder_Task) soap.HasFault {
	return p.s.moveIntoFolder(ctx, p.StoragePod, req.List)
}

func (s *Sim) moveIntoFolder(ctx *simulator.Context, to mo.Reference, list []types.ManagedObjectReference) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		for _, ref := range list {
			var fault types.BaseMethodFault
			if f, ok := to.(*simulator.Folder); ok && ref.Type == "HostSystem" {
				fault = s.moveOutOfCluster(ctx, f, ref)
			} else {
				fault = s.moveEntity(ctx, to, ref)
			}
			if fault != nil {
				return nil, fault
			}
		}
		return nil, nil
	}
	return &methods.MoveIntoFolder_TaskBody{Res: &types.MoveIntoFolder_TaskResponse{
		Returnval: s.task(ctx, to.Reference(), "moveIntoFolder", run),
	}}
}

// folderKind is the type under which folders say that they may hold an object.
func folderKind(kind string) string {
	switch kind {
	case switchType:
		return "DistributedVirtualSwitch"
	case "ClusterComputeResource":
		return "ComputeResource"
	case "DistributedVirtualPortgroup", "OpaqueNetwork":
		return "Network"
	}
	return kind
}

// moveEntity moves one entity from its folder to another of the same kind and datacenter.
func (s *Sim) moveEntity(ctx *simulator.Context, to mo.Reference, ref types.ManagedObjectReference) types.BaseMethodFault {
	obj, ok := ctx.Map.Get(ref).(mo.Entity)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: ref}
	}
	target := asFolder(to)
	var name string
	var parent *types.ManagedObjectReference
	ctx.WithLock(obj, func() { name, parent = entityName(obj), obj.Entity().Parent })
	if parent == nil || asFolder(ctx.Map.Get(*parent)) == nil || !slices.Contains(target.ChildType, folderKind(ref.Type)) {
		return &types.NotSupported{} // such as the root folder, or one that belongs to its datacenter
	}
	if f := asFolder(obj); f != nil && ref.Type == "Folder" && !sameStrings(f.ChildType, target.ChildType) {
		return &types.NotSupported{}
	}
	if within(ctx, to.Reference(), ref) || datacenterOf(ctx, to.Reference()) != datacenterOf(ctx, ref) && ref.Type != "Datacenter" {
		return &types.InvalidFolder{Target: to.Reference()}
	}
	if *parent == to.Reference() {
		return nil
	}
	var children []types.ManagedObjectReference
	ctx.WithLock(to, func() { children = slices.Clone(target.ChildEntity) })
	if e := ctx.Map.FindByName(name, children); e != nil {
		return &types.DuplicateName{Name: name, Object: e.Reference()}
	}
	s.changeChildren(ctx, *parent, func(list []types.ManagedObjectReference) []types.ManagedObjectReference { return without(list, ref) })
	s.changeChildren(ctx, to.Reference(), func(list []types.ManagedObjectReference) []types.ManagedObjectReference { return append(list, ref) })
	self := to.Reference()
	s.change(ctx, ref, types.PropertyChange{Name: "parent", Val: &self})
	return nil
}

func (s *Sim) changeChildren(ctx *simulator.Context, ref types.ManagedObjectReference, change func([]types.ManagedObjectReference) []types.ManagedObjectReference) {
	obj := ctx.Map.Get(ref)
	f := asFolder(obj)
	if f == nil {
		return
	}
	ctx.WithLock(obj, func() {
		ctx.Update(obj, []types.PropertyChange{{Name: "childEntity", Val: change(slices.Clone(f.ChildEntity))}})
	})
	if pod, ok := obj.(*simulator.StoragePod); ok {
		s.measurePod(ctx, pod)
	}
}

// within tells whether an object is another one or lies below it.
func within(ctx *simulator.Context, ref, top types.ManagedObjectReference) bool {
	for {
		if ref == top {
			return true
		}
		e, ok := ctx.Map.Get(ref).(mo.Entity)
		if !ok || e.Entity().Parent == nil {
			return false
		}
		ref = *e.Entity().Parent
	}
}

func sameStrings(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
