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

func (d *datastore) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return d.s.rename(ctx, d.Self, req.NewName)
}

func (p *storagePod) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return p.s.rename(ctx, p.Self, req.NewName)
}

func (f *folder) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return f.s.rename(ctx, f.Self, req.NewName)
}

func (d *datacenter) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return d.s.rename(ctx, d.Self, req.NewName)
}

func (c *clusterResource) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return c.s.rename(ctx, c.Self, req.NewName)
}

func (d *distributedSwitch) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return d.s.rename(ctx, d.Self, req.NewName)
}

func (p *distributedPortgroup) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return p.s.rename(ctx, p.Self, req.NewName)
}

// entityName reads an entity's name; networks and switches keep theirs in a property of their own.
func entityName(e mo.Entity) string {
	switch o := e.(type) {
	case *mo.Network:
		return o.Name
	case *simulator.DistributedVirtualSwitch:
		return o.Name
	case *simulator.DistributedVirtualPortgroup:
		return o.Name
	}
	return e.Entity().Name
}

// rename gives an entity a name that none of its siblings has.
func (s *Sim) rename(ctx *simulator.Context, ref types.ManagedObjectReference, name string) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		return nil, s.renameEntity(ctx, ref, name)
	}
	return &methods.Rename_TaskBody{Res: &types.Rename_TaskResponse{Returnval: s.task(ctx, ref, "rename", run)}}
}

func (s *Sim) renameEntity(ctx *simulator.Context, ref types.ManagedObjectReference, name string) types.BaseMethodFault {
	obj, ok := ctx.Map.Get(ref).(mo.Entity)
	switch {
	case !ok:
		return &types.ManagedObjectNotFound{Obj: ref}
	case strings.TrimSpace(name) == "":
		return &types.InvalidName{Name: name, Entity: &ref}
	}
	var parent *types.ManagedObjectReference
	ctx.WithLock(obj, func() { parent = obj.Entity().Parent })
	if fault := s.siblingNamed(ctx, parent, ref, name); fault != nil {
		return fault
	}
	changes := []types.PropertyChange{{Name: "name", Val: name}}
	switch o := obj.(type) {
	case *simulator.Datastore:
		s.renameDatastore(ctx, o, name)
		return nil
	case *simulator.StoragePod:
		changes = append(changes, types.PropertyChange{Name: "summary.name", Val: name})
	case *simulator.DistributedVirtualSwitch:
		return s.updateSwitch(ctx, o, func(cfg *types.VMwareDVSConfigInfo) types.BaseMethodFault {
			return applySwitch(cfg, &types.DVSConfigSpec{Name: name})
		})
	case *simulator.DistributedVirtualPortgroup:
		return s.reconfigurePortGroup(ctx, o, types.DVPortgroupConfigSpec{Name: name})
	case *simulator.ClusterComputeResource:
		s.mu.Lock()
		if c := s.clusters[ref]; c != nil {
			c.name = name
		}
		s.mu.Unlock()
	}
	s.change(ctx, ref, changes...)
	return nil
}

// siblingNamed refuses a name that another child of the same parent has.
func (s *Sim) siblingNamed(ctx *simulator.Context, parent *types.ManagedObjectReference, ref types.ManagedObjectReference, name string) types.BaseMethodFault {
	if parent == nil {
		return nil
	}
	obj := ctx.Map.Get(*parent)
	var siblings []types.ManagedObjectReference
	ctx.WithLock(*parent, func() {
		if f := asFolder(obj); f != nil {
			siblings = slices.Clone(f.ChildEntity)
		} else if p := asPool(obj); p != nil {
			siblings = slices.Clone(p.ResourcePool)
		}
	})
	if e := ctx.Map.FindByName(name, without(siblings, ref)); e != nil {
		return &types.DuplicateName{Name: name, Object: e.Reference()}
	}
	return nil
}

// renameDatastore also renames it in the paths of the machines that have files on it.
func (s *Sim) renameDatastore(ctx *simulator.Context, ds *simulator.Datastore, name string) {
	var old string
	var vms []types.ManagedObjectReference
	ctx.WithLock(ds, func() {
		old, vms = ds.Name, slices.Clone(ds.Vm)
		info := clone(ds.Info)
		info.GetDatastoreInfo().Name = name
		ctx.Update(ds, []types.PropertyChange{{Name: "name", Val: name}, {Name: "summary.name", Val: name}, {Name: "info", Val: info}})
	})
	moved := func(path string) string {
		if rest, ok := strings.CutPrefix(path, "["+old+"]"); ok {
			return "[" + name + "]" + rest
		}
		return path
	}
	for _, ref := range vms {
		vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine)
		if !ok {
			continue
		}
		ctx.WithLock(vm, func() {
			if vm.Config == nil {
				return
			}
			cfg := clone(*vm.Config)
			for _, path := range []*string{&cfg.Files.VmPathName, &cfg.Files.SnapshotDirectory, &cfg.Files.SuspendDirectory, &cfg.Files.LogDirectory} {
				*path = moved(*path)
			}
			for i := range cfg.DatastoreUrl {
				if cfg.DatastoreUrl[i].Name == old {
					cfg.DatastoreUrl[i].Name = name
				}
			}
			for _, d := range cfg.Hardware.Device {
				if b, ok := d.GetVirtualDevice().Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
					file := b.GetVirtualDeviceFileBackingInfo()
					file.FileName = moved(file.FileName)
				}
			}
			changes := []types.PropertyChange{{Name: "config", Val: &cfg}, {Name: "summary.config.vmPathName", Val: cfg.Files.VmPathName}}
			if vm.LayoutEx != nil {
				layout := clone(*vm.LayoutEx)
				for i := range layout.File {
					layout.File[i].Name = moved(layout.File[i].Name)
				}
				changes = append(changes, types.PropertyChange{Name: "layoutEx", Val: &layout})
			}
			ctx.Update(vm, changes)
		})
	}
}
